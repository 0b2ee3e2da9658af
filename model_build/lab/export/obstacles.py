"""Why an experiment's model cannot run on the box, as far as its file shows."""

from collections.abc import Sequence

from daemon.hearing.contract.labels import LONGEST_LABEL, label_fault
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SECONDS
from model_build.lab.experiment import Experiment

_NO_NETWORKS = ("forest", "svm", "knn")


def obstacles(experiment: Experiment) -> list[str]:
    """Return each reason, with the remedy, why the model cannot be exported; empty if it can."""
    front_end, found = experiment.front_end, []
    if experiment.model.kind in _NO_NETWORKS:
        found.append(
            f"model.kind: {experiment.model.kind} has no form as a network, and the box runs only "
            "networks; use logistic, mlp or mel-cnn"
        )
    if front_end.kind != "log-mel":
        found.append(f"front_end.kind: the box computes log-mel, not {front_end.kind}; use log-mel")
    if front_end.sample_rate_hz != SAMPLE_RATE_HZ:
        found.append(
            f"front_end.sample_rate_hz: the box hears {SAMPLE_RATE_HZ}, not "
            f"{front_end.sample_rate_hz}; use {SAMPLE_RATE_HZ}"
        )
    if front_end.chunk_seconds > WINDOW_SECONDS:
        found.append(
            f"front_end.chunk_seconds: the box hears windows of {WINDOW_SECONDS:g} s, which "
            f"{front_end.chunk_seconds:g} s exceed; use {WINDOW_SECONDS:g} or less"
        )
    if front_end.normalisation == "clip":
        found.append(
            "front_end.normalisation: clip needs the whole recording, and the box never has it; "
            "use training or none"
        )
    return found


def label_obstacles(classes: Sequence[str], *, is_softmax: bool) -> list[str]:
    """Return each reason why a model with these classes cannot be exported."""
    found = [label_fault(name, is_family=False) for name in classes]
    found += [
        f"classes: {name[:20]!a}… has more than {LONGEST_LABEL} characters"
        for name in classes
        if len(name) > LONGEST_LABEL
    ]
    found = [f"{fault}; rename it with data.classes" for fault in found if fault]
    if is_softmax and len(classes) == 1:
        found.append(
            f"training.loss: cross-entropy gives the only class, {classes[0]}, the score 1 for any "
            "sound; use bce-logits"
        )
    return found
