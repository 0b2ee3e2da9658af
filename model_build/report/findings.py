"""Everything that is known of a run, read from its folder."""

import shlex
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from daemon.configuration.yaml.yaml_file import read_yaml
from daemon.errors import InputError
from daemon.hearing.model_file import Contract, read_contract
from model_build.evaluation.details import Details, ModelScores, details_beside
from model_build.evaluation.figures import Figures
from model_build.recipe import Recipe, read_recipe
from model_build.report.ablations import Ablations
from model_build.report.readings import DevReadings
from model_build.run_folder import RunFolder
from model_build.windows.used_clips import UsedClip

PEER = "YAMNet"

Kind = TypeVar("Kind")


class Findings(NamedTuple):
    """The available results of one run; missing parts are None or empty."""

    contract: Contract
    """The contract of the model file."""
    ours: Figures
    """The figures of the model."""
    peer: Figures | None
    """The figures of the peer; None if none was measured."""
    details: Details
    """The scores and events of the evaluation."""
    recipe: Recipe | None
    """The run's recipe."""
    used: tuple[UsedClip, ...]
    """The clips that the model was made from."""
    history: dict[str, list[float]]
    """Each figure of the training, by epoch."""
    ablations: Ablations
    """Variants that were tried before."""
    dev_readings: DevReadings
    """How often models were measured on the dev clips."""

    @property
    def name(self) -> str:
        """Name and version of the model."""
        return f"{self.contract.name} {self.contract.version}"

    @property
    def our_scores(self) -> ModelScores:
        """The scores of the model."""
        return next(iter(self.details.models.values()))

    @property
    def scores(self) -> dict[str, ModelScores]:
        """The scores of the model and the peer, by their names in the report."""
        return dict(zip((self.name, PEER), self.details.models.values(), strict=False))

    @property
    def figures(self) -> dict[str, Figures]:
        """The figures of the model and the peer, by their names in the report."""
        return {self.name: self.ours} | ({PEER: self.peer} if self.peer else {})


def read_findings(run: RunFolder, ablations: Path, dev_readings: Path) -> Findings:
    """Read the results of the run's stages, and the two files that are kept by hand.

    Raises InputError if the run was not evaluated, or if a file is invalid.
    """
    stage = shlex.join(["evaluate", str(run.model), "--json", str(run.evaluation)])
    beside = details_beside(run.evaluation)
    for path in (run.evaluation, beside):
        run.needed(path, stage)
    try:
        ours, *peers = _decoded(run.evaluation, dict[str, Figures], {}).values()
        details = msgspec.json.decode(beside.read_bytes(), type=Details)
    except (msgspec.MsgspecError, ValueError):
        raise InputError(
            f"{run.evaluation}: was not written by this version; run timbrel-build {stage} again"
        ) from None
    return Findings(
        contract=read_contract(run.needed(run.model, "thresholds")),
        ours=ours,
        peer=peers[0] if peers else None,
        details=details,
        recipe=read_recipe(run.recipe) if run.recipe.exists() else None,
        used=_decoded(run.clips, tuple[UsedClip, ...], ()),
        history=_decoded(run.history, dict[str, list[float]], {}),
        ablations=read_yaml(ablations, Ablations) if ablations.exists() else Ablations(),
        dev_readings=read_yaml(dev_readings, DevReadings)
        if dev_readings.exists()
        else DevReadings(),
    )


def _decoded(path: Path, kind: type[Kind], otherwise: Kind) -> Kind:
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else otherwise
