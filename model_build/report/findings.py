"""A run folder in, all that its report and its model card tell out."""

import shlex
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from daemon.configuration.yaml.yaml_file import read_yaml
from daemon.hearing.model_file import Contract, read_contract
from model_build.corpus.clips import Clip
from model_build.evaluation.clip_figures import Figures
from model_build.evaluation.details import Details, Said, details_beside
from model_build.recipe import Recipe, read_recipe
from model_build.run_folder import RunFolder, write_json

PEER = "YAMNet"

Kind = TypeVar("Kind")


class Ablation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run that was tried, and its figures on the held-out part of train."""

    name: str
    change: str
    held: dict[str, float] = {}
    note: str = ""


class Ablations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that was tried, in the order to be shown."""

    rows: tuple[Ablation, ...] = ()


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a model's figures on the dev clips were looked at."""

    model: str
    times: Annotated[int, Meta(ge=0)]
    why: str = ""


class DevReadings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every look at the dev clips."""

    readings: tuple[Reading, ...] = ()

    @property
    def times(self) -> int:
        """All of them."""
        return sum(reading.times for reading in self.readings)

    @property
    def counted(self) -> str:
        """All of them in words; empty where there are none."""
        return {0: "", 1: "once"}.get(self.times, f"{self.times} times")


class Used(msgspec.Struct, frozen=True):
    """A clip that the model was made from, and on which side of the split."""

    clip: Clip
    side: str


class Findings(NamedTuple):
    """What is known of one run; what the folder lacks is None or empty."""

    contract: Contract
    ours: Figures
    peer: Figures | None
    details: Details
    recipe: Recipe | None
    used: tuple[Used, ...]
    history: dict[str, list[float]]
    ablations: Ablations
    dev_readings: DevReadings

    @property
    def name(self) -> str:
        """The model's name and version."""
        return f"{self.contract.name} {self.contract.version}"

    @property
    def said(self) -> dict[str, Said]:
        """What our model and the peer said, by the name to be shown."""
        return dict(zip((self.name, PEER), self.details.models.values(), strict=False))

    @property
    def figures(self) -> dict[str, Figures]:
        """Our figures and the peer's, by the name to be shown."""
        return {self.name: self.ours} | ({PEER: self.peer} if self.peer else {})


def read_findings(run: RunFolder, ablations: Path, dev_readings: Path) -> Findings:
    """Read what the run's stages left, and what is kept by hand.

    Raises InputError when the run was not evaluated, or a file is not what it should be.
    """
    stage = shlex.join(["evaluate", str(run.model), "--json", str(run.evaluation)])
    document = run.needed(run.evaluation, stage).read_bytes()
    ours, *peers = msgspec.json.decode(document, type=dict[str, Figures]).values()
    details = run.needed(details_beside(run.evaluation), stage).read_bytes()
    return Findings(
        contract=read_contract(run.needed(run.model, "thresholds")),
        ours=ours,
        peer=peers[0] if peers else None,
        details=msgspec.json.decode(details, type=Details),
        recipe=read_recipe(run.recipe) if run.recipe.exists() else None,
        used=_decoded(run.clips, tuple[Used, ...], ()),
        history=_decoded(run.history, dict[str, list[float]], {}),
        ablations=read_yaml(ablations, Ablations) if ablations.exists() else Ablations(),
        dev_readings=read_yaml(dev_readings, DevReadings)
        if dev_readings.exists()
        else DevReadings(),
    )


def count_reading(file: Path, model: str) -> None:
    """Add one look at the dev clips to a run's file of readings."""
    readings = read_yaml(file, DevReadings).readings if file.exists() else ()
    times = sum(reading.times for reading in readings if reading.model == model)
    counted = Reading(model, times + 1, why="measured at the end of timbrel-build all")
    write_json(file, DevReadings((*(r for r in readings if r.model != model), counted)))


def _decoded(path: Path, kind: type[Kind], otherwise: Kind) -> Kind:
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else otherwise
