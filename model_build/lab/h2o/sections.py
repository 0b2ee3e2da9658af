"""The sections of H2O Hydrogen Torch's experiments, as the lab has them."""

from typing import Any

from model_build.lab.experiment.validation import OF_ONE_CLASS
from model_build.lab.h2o.h2o_file import H2oFile

_FOLDS = 5
"""H2O Hydrogen Torch's number of folds, which its files do not state."""
_BACKBONES = ("resnet34", "resnet50")
_LOSSES = {
    "BCE": "bce",
    "BCEWITHLOGITS": "bce-logits",
    "CROSSENTROPY": "cross-entropy",
    "CE": "cross-entropy",
    "FOCAL": "focal",
    "SIGMOIDFOCAL": "focal",
}
_OPTIMISERS = {"ADAMW": "adamw", "ADAM": "adam", "SGD": "sgd"}
_SCHEDULES = {"COSINE": "cosine", "CONSTANT": "constant", "STEP": "step"}
_METRICS = {
    "ROCAUC": "roc_auc_macro",
    "ACCURACY": "accuracy",
    "F1": "f1_macro",
    "MACROF1": "f1_macro",
    "MICROF1": "f1_micro",
}


def front_end(file: H2oFile) -> dict[str, Any]:
    """Return the log-mel front end; the highest frequency is at most half the sample rate."""
    rate_hz = int(file.number("audio", "sample_rate", 16_000))
    high_hz = file.number("audio", "maximum_frequency", rate_hz / 2)
    if high_hz > rate_hz / 2:
        file.note(
            f"audio.maximum_frequency: {high_hz:g} exceeds half the sample rate; it is "
            f"{rate_hz / 2:g} now"
        )
        high_hz = rate_hz / 2
    is_normalised = file.take("audio", "spectrogram_normalization", "No") != "No"
    if is_normalised:
        file.note("audio.spectrogram_normalization: each recording is normalised by itself")
    seconds = file.number("audio", "training_chunk_seconds", 10)
    if file.number("prediction", "inference_chunk_seconds", seconds) != seconds:
        file.note("prediction.inference_chunk_seconds: chunks are as long as in training")
    return {
        "sample_rate_hz": rate_hz,
        "frame_seconds": file.number("audio", "stft_window_size", 2_048) / rate_hz,
        "hop_seconds": file.number("audio", "hop_size", 512) / rate_hz,
        "bands": int(file.number("audio", "mel_frequency_bins", 128)),
        "low_hz": file.number("audio", "minimum_frequency", 0),
        "high_hz": high_hz,
        "normalisation": "clip" if is_normalised else "none",
        "chunk_seconds": seconds,
        "most_chunks": 1,
    }


def model(file: H2oFile) -> dict[str, Any]:
    """Return the backbone; an unknown one becomes a resnet34."""
    backbone = str(file.take("architecture", "backbone", "resnet34")).lower()
    if backbone not in _BACKBONES:
        file.note(f"architecture.backbone: the lab has no {backbone}; it is resnet34 now")
        backbone = "resnet34"
    if file.take("architecture", "pretrained"):
        file.note("architecture.pretrained: the network starts from random weights")
    pool = str(file.take("architecture", "pool", "Average"))
    if pool.lower() not in ("average", "avg"):
        file.note(f"architecture.pool: {pool} is average now")
    return {"kind": backbone, "dropout": file.number("architecture", "dropout", 0)}


def training(file: H2oFile) -> dict[str, Any]:
    """Return how the network is fitted."""
    return {
        "epochs": int(file.number("training", "epochs", 5)),
        "batch_chunks": int(file.number("training", "batch_size", 32)),
        "loss": _known(file, ("training", "loss_function"), _LOSSES, "bce"),
        "optimiser": _known(file, ("training", "optimizer"), _OPTIMISERS, "adamw"),
        "learning_rate": file.number("training", "learning_rate", 1e-3),
        "schedule": _known(file, ("training", "schedule"), _SCHEDULES, "cosine"),
        "warm_up_epochs": int(file.number("training", "warmup_epochs", 0)),
        "weight_decay": file.number("training", "weight_decay", 0),
        "gradient_clip": file.number("training", "gradient_clip", 0),
        "gradient_accumulation": int(file.number("training", "grad_accumulation", 1)),
        "best_checkpoint": bool(file.take("training", "save_best_checkpoint")),
    }


def augmentation(file: H2oFile) -> dict[str, Any]:
    """Return mixup or CutMix; an empty section if there is none."""
    kind = str(file.take("augmentation", "mix_audio", "Disabled")).lower()
    strength = file.number("augmentation", "mix_concentration", 1)
    probability = file.number("augmentation", "mix_probability", 1)
    for key in ("mix_iterations", "mix_target"):
        file.take("augmentation", key)
    name = {"mixup": "mixup_alpha", "cutmix": "cutmix_alpha"}.get(kind)
    if name is None:
        if kind != "disabled":
            file.note(f"augmentation.mix_audio: the lab has no {kind}; nothing is mixed")
        return {}
    return {name: strength, "mix_probability": probability}


def validation(file: H2oFile) -> dict[str, Any]:
    """Return the folds, of which there are five, or the part that is held out."""
    strategy = str(file.take("dataset", "validation_strategy", "kfold")).lower()
    chosen = file.wholes("dataset", "folds") + file.wholes("dataset", "selected_folds")
    share = file.number("dataset", "validation_size", 0.2)
    found = {
        "metric": _metric(file),
        "threshold": file.number("prediction", "probability_threshold", 0.5),
    }
    if "kfold" not in strategy.replace("-", ""):
        if "auto" not in strategy:
            file.note(f"dataset.validation_strategy: {strategy} is a hold-out of {share:.0%} now")
        return {**found, "strategy": "hold-out", "fraction": share}
    file.note(f"validation.folds: the file does not state their number; it is {_FOLDS}")
    return {
        **found,
        "strategy": _fold_strategy(file),
        "folds": _FOLDS,
        "chosen_folds": list(dict.fromkeys(chosen)),
    }


def _metric(file: H2oFile) -> str:
    """Return the metric; accuracy with several label columns becomes a figure that they have."""
    metric = _known(file, ("prediction", "metric"), _METRICS, "roc_auc_macro")
    if metric in OF_ONE_CLASS and len(file.texts("dataset", "label_columns")) > 1:
        file.note(f"prediction.metric: several labels have no {metric}; it is roc_auc_macro now")
        return "roc_auc_macro"
    return metric


def _fold_strategy(file: H2oFile) -> str:
    if file.take("dataset", "fold_column"):
        return "own-folds"
    group = file.take("dataset", "group_fold_column")
    is_grouped = group and group != file.take("dataset", "audio_column")
    return "group-k-fold" if is_grouped else "k-fold"


def _known(file: H2oFile, place: tuple[str, str], names: dict[str, str], default: str) -> str:
    """Return the lab's name of a value; `default`, with a remark, if the lab has none."""
    value = str(file.take(*place, "") or "")
    found = names.get(value.upper().replace("_", "").replace(" ", ""))
    if found is None and value:
        file.note(f"{'.'.join(place)}: the lab has no {value}; it is {default} now")
    return found or default
