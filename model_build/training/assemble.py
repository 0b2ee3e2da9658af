"""Assemble the model file: the quantized network with its contract."""

import shutil
from collections.abc import Mapping

from daemon.hearing.classifier import Classifier
from daemon.hearing.contract.reading import CONTRACT_VERSION
from daemon.hearing.log_mel import FrontEnd
from daemon.hearing.model_file import (
    EMBEDDING,
    FAMILIES,
    GENRE,
    TASK,
    Calibration,
    Contract,
    Provenance,
    write_contract,
)
from daemon.system.files.whole_file import whole_file
from model_build.evaluation.models import ModelSource
from model_build.networks.genres import GENRES
from model_build.networks.yamnet import LICENCE
from model_build.recipe import Recipe
from model_build.run_folder import RunFolder
from model_build.training.embedding.fitted_embedding import FittedEmbedding, read_embedding
from model_build.training.operating_points import OperatingPoints, read_operating_points
from model_build.windows.features import made_features


def contract_of(
    recipe: Recipe,
    embedding: FittedEmbedding | None,
    *,
    points: OperatingPoints | None = None,
    corpus_sha256: str = "",
    metrics: Mapping[str, float] | None = None,
) -> Contract:
    """Return the contract of a recipe's network; its checksum is still empty.

    `embedding` is None for a network without one. Without operating points a score is the sigmoid
    of the logit, and every threshold is 0.5.
    """
    count = len(recipe.families)
    outputs = [FAMILIES]
    outputs += [EMBEDDING] if embedding else []
    outputs += [GENRE] if recipe.has_genre else []
    return Contract(
        contract_version=CONTRACT_VERSION,
        task=TASK,
        outputs={output: output for output in outputs},
        embedding_id=embedding.embedding_id if embedding else None,
        embedding_values=len(embedding.layer.bias) if embedding else None,
        genres=GENRES if recipe.has_genre else None,
        tflite_sha256="",
        name=f"timbrel-{recipe.name}",
        version=recipe.version,
        front_end=FrontEnd(),
        patch_frames=recipe.patches.frames,
        patch_starts=recipe.patches.starts,
        pooling="mean",
        families=recipe.families,
        calibration=points.calibration if points else (Calibration(),) * count,
        thresholds=points.thresholds if points else (0.5,) * count,
        provenance=Provenance(
            recipe_sha256=recipe.sha256,
            corpus_sha256=corpus_sha256,
            seed=recipe.seed,
            metrics=dict(metrics or {}),
            base="YAMNet" if recipe.teaching else "",
            base_licence=LICENCE if recipe.teaching else "",
        ),
    )


def run_source(
    recipe: Recipe, run: RunFolder, points: OperatingPoints | None = None
) -> ModelSource:
    """Return the run's quantized network, not assembled yet, with these operating points.

    Raises InputError if the network or its embedding is missing.
    """
    network = run.needed(run.network, "quantize")
    return ModelSource(network, contract_of(recipe, read_embedding(recipe, run), points=points))


def load_run_classifier(
    recipe: Recipe, run: RunFolder, points: OperatingPoints | None = None
) -> Classifier:
    """Return the run's quantized network as the daemon would run it with these operating points.

    Raises InputError if the network is missing or cannot be used.
    """
    return run_source(recipe, run, points).classifier()


def assemble(recipe: Recipe, run: RunFolder, metrics: Mapping[str, float] | None = None) -> None:
    """Write the run's model file, with `metrics` as its figures if it was evaluated.

    Raises InputError if the network, its operating points or the features are missing.
    """
    contract = contract_of(
        recipe,
        read_embedding(recipe, run),
        points=read_operating_points(run),
        corpus_sha256=made_features(recipe, run).corpus_sha256,
        metrics=metrics,
    )
    network = run.needed(run.network, "quantize")
    with whole_file(run.model) as fresh:
        shutil.copyfile(network, fresh)
        write_contract(fresh, contract)
