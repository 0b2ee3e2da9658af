"""Quantize the network, measure everything, and write the model file."""

import shutil
from pathlib import Path

import msgspec
import numpy as np

from daemon.practice.harmoniser.correction import Correction
from daemon.practice.harmoniser.model_file import (
    CONTRACT_VERSION,
    HarmonyContract,
    HarmonyProvenance,
    write_harmony_model,
)
from daemon.system.files.whole_file import whole_file
from model_build.harmony.export import to_tflite
from model_build.harmony.figures.chord_table import learn_chord_tables, prediction_figures
from model_build.harmony.figures.table import CORRECTED, SHIPPED, Figures, Learned, measure
from model_build.harmony.fit import network_nats
from model_build.harmony.hidden_markov import HiddenMarkov
from model_build.harmony.material import Material
from model_build.harmony.network import HarmonyNetwork
from model_build.harmony.run_state import Run
from model_build.run_folder import write_json

_EACH_CHANGE = "each change"


def finish(
    run: Run,
    network: HarmonyNetwork,
    correction: Correction,
    baseline: HiddenMarkov,
    output: Path | None,
) -> None:
    """Write the run's model and figures, print them, and copy the model to `output`."""
    recipe, material = run.recipe, run.material
    rng = np.random.default_rng(recipe.seed)
    tflite = to_tflite(network, material.real, recipe.representative_beats, rng)
    figures = measure(Learned(baseline, tflite, correction), material.test, run.workers)
    chords = _chord_figures(material)
    with whole_file(run.folder.model) as fresh:
        write_harmony_model(fresh, tflite, _contract(run, correction, _metrics(figures, chords)))
    if output is not None:
        shutil.copyfile(run.folder.model, output)
    float_nats = network_nats(network, material.test)
    _print_figures(figures, chords, float_nats)
    write_json(
        run.folder.figures,
        {
            "figures": msgspec.to_builtins(figures),
            "chords": chords,
            "float_nats": float_nats,
            "leaked": material.leaked,
            "left_out": material.left_out,
        },
    )
    print(f"{run.folder.model}: {run.folder.model.stat().st_size} bytes")


def _chord_figures(material: Material) -> dict[str, dict[str, float]]:
    """Return the figures of `next_chord`: the chord of the next beat, and the next other chord."""
    training = material.real + material.fakes
    return {
        name: prediction_figures(
            learn_chord_tables(training, repeated=repeated), material.test, repeated=repeated
        )
        for name, repeated in (("each beat", True), (_EACH_CHANGE, False))
    }


def _contract(run: Run, correction: Correction, metrics: dict[str, float]) -> HarmonyContract:
    recipe, material = run.recipe, run.material
    return HarmonyContract(
        contract_version=CONTRACT_VERSION,
        task="harmony",
        tflite_sha256="",
        name=f"timbrel-{recipe.name}",
        version=recipe.version,
        correction=correction,
        key_tables=material.key_tables,
        chord_tables=learn_chord_tables(material.real + material.fakes, repeated=False),
        provenance=HarmonyProvenance(
            recipe_sha256=recipe.sha256,
            seed=recipe.seed,
            trained_on={"music21": len(material.real), "JS Fake Chorales": len(material.fakes)},
            metrics=metrics,
        ),
    )


def _metrics(test: Figures, chords: dict[str, dict[str, float]]) -> dict[str, float]:
    corrected, shipped = test.rows[CORRECTED], test.rows[SHIPPED]
    return {
        "nats": round(corrected.nats or 0.0, 3),
        "parallels": round(shipped.parallels, 3),
        "next_chord_top_1": round(chords[_EACH_CHANGE]["top_1"], 3),
    }


def _print_figures(
    figures: Figures, chords: dict[str, dict[str, float]], float_nats: float
) -> None:
    rows, gain, error = figures
    print(f"\n{'test chorales':24}{'nats':>8}{'parallels':>12}{'doubled':>10}{'range':>8}")
    for label, row in rows.items():
        nats = "" if row.nats is None else f"{row.nats:.3f}"
        print(
            f"{label:24}{nats:>8}{row.parallels:12.2f}{row.doubled_leading_notes:10.2f}"
            f"{row.out_of_range:8.2f}"
        )
    print(f"corrected network better than the baseline by {gain:.3f} ± {error:.3f} nats a beat")
    print(f"\nnetwork before quantization, test: {float_nats:.3f} nats a beat")
    for name, found in chords.items():
        shares = ", ".join(f"{label} {share:.3f}" for label, share in found.items())
        print(f"next chord, {name}, test: {shares}")
