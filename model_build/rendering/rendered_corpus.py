"""FluidSynth's instruments, espeak-ng's voices and computed noise in, a corpus folder out."""

import csv
import shutil
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES, WINDOW_SECONDS
from daemon.system.whole_file import whole_file
from model_build.augmentations.level import level
from model_build.augmentations.noise import noise
from model_build.augmentations.room import room, shoebox_response
from model_build.corpus.clips import MANIFEST, Clip
from model_build.corpus.splits import held_groups
from model_build.rendering.general_midi import FAMILIES, PROGRAMMES, Programme
from model_build.rendering.household import SORTS, household
from model_build.rendering.soundfont import FLUID_R3
from model_build.rendering.soundfont import render as sound_of
from model_build.rendering.speech import VOICES, Voice, talk
from model_build.rendering.tunes import PHRASE_SECONDS, performance
from model_build.run_folder import write_json
from model_build.workers import each

SETTINGS = "rendering.json"
DEV_FRACTION = 0.15
PHRASES_AT_ONCE = 50  # bounds fluidsynth's temporary file
PEAK = 0.7
SILENT_PEAK = 1e-3
PART_DBFS = -20.0
ROOM_SNR_DB, ROOM_DBFS = 10.0, -32.0
ROOM_METRES, ROOM_RT60_SECONDS = (1.0, 3.5), (0.3, 0.6)
MIXTURES_A_PHRASE = 2
_EDITION = 1  # goes up when the same settings give other sound
_MADE_BY = {
    "phrase": ("MIT (FluidR3)", "Debian fluid-soundfont-gm"),
    "speech": ("CC0", "espeak-ng"),
    "noise": ("CC0", "computed"),
}
_COLUMNS = (
    *("path", "kind", "split", "label", "accepts", "instrument", "source", "group", "origin"),
    *("pitch_midi", "seconds", "licence", "redistributable", "repository", "original", "doubt"),
)

Samples = NDArray[np.float32]
Player = Programme | Voice | str  # an instrument, a speaker, or a sort of noise

PLAYERS: tuple[Player, ...] = (*PROGRAMMES, *VOICES, *SORTS)


class Rendering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides a rendered corpus: chance, and how many clips each player makes."""

    seed: int
    phrases_per_programme: int
    families: tuple[str, ...] = FAMILIES
    edition: int = _EDITION


class _Task(NamedTuple):
    folder: Path
    rendering: Rendering
    place: int  # in PLAYERS
    split: str
    backgrounds: tuple[str, ...]  # noises beside a dev phrase in its room


def render_corpus(folder: Path, rendering: Rendering, workers: int | None = None) -> int:
    """Write clips of 4 s and their manifest into the folder; return how many clips it lists.

    A programme, voice or sort of noise is a source, and never on two sides of a split. A folder
    that holds this very corpus is left as it is. Raises InputError when it holds another one, or
    when a program or the soundfont is missing.
    """
    manifest = folder / MANIFEST
    if manifest.exists():
        if rendering_of(folder) != rendering:
            raise InputError(f"{folder}: holds another corpus; name a folder without one")
        return len(manifest.read_text(encoding="utf-8").splitlines()) - 1
    _check_programs()
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, str]] = []
    for some in each(_rendered, _tasks(folder, rendering), what="rendering", workers=workers):
        rows += some
    rows += _mixtures(folder, rendering, rows)
    write_json(folder / SETTINGS, rendering)
    _write_manifest(manifest, rows)
    return len(rows)


def rendering_of(folder: Path) -> Rendering | None:
    """How the folder's corpus was rendered; None where it was not, or by another edition."""
    try:
        return msgspec.json.decode((folder / SETTINGS).read_bytes(), type=Rendering)
    except (OSError, msgspec.MsgspecError):
        return None


def _check_programs() -> None:
    for program in ("fluidsynth", "espeak-ng"):
        if shutil.which(program) is None:
            raise InputError(f"{program} is missing: apt install {program}")
    if not FLUID_R3.is_file():
        raise InputError(f"{FLUID_R3} is missing: apt install fluid-soundfont-gm")


def _tasks(folder: Path, rendering: Rendering) -> list[_Task]:
    """One for each player, whole groups of them for measuring only."""
    clips = {
        place: clip
        for place, clip in enumerate(map(_clip_of, PLAYERS))
        if clip.kind == "negative" or clip.label in rendering.families
    }
    played = {clip.label for clip in clips.values()} & set(rendering.families)
    dev = held_groups(list(clips.values()), DEV_FRACTION, rendering.seed, sorted(played))
    backgrounds = tuple(sort for sort in SORTS if _clip_of(sort).group in dev)
    return [
        _Task(folder, rendering, place, "dev" if clip.group in dev else "train", backgrounds)
        for place, clip in clips.items()
    ]


def _clip_of(player: Player) -> Clip:
    """What all clips of a player have in common."""
    if isinstance(player, Programme):
        kind, label, name, group = "phrase", player.family, player.name, player.group
    elif isinstance(player, Voice):
        kind, label, name = "negative", "speech", f"espeak-{player.name}"
        group = name
    else:
        kind, label, name = "negative", "noise", f"computed-{player}"
        group = name
    licence, _ = _MADE_BY["phrase" if kind == "phrase" else label]
    return Clip(
        path="",
        kind=kind,
        split="",
        label=label,
        families=(label,) if kind == "phrase" else (),
        accepts=player.accepts if isinstance(player, Programme) else (),
        source=name,
        group=group,
        origin="rendered",
        licence=licence,
        redistributable=True,
        doubt="",
    )


def _rendered(task: _Task) -> list[dict[str, str]]:
    """Write a player's clips; return their rows of the manifest."""
    player, count = PLAYERS[task.place], task.rendering.phrases_per_programme
    rng = np.random.default_rng([task.rendering.seed, task.place])
    clip = msgspec.structs.replace(_clip_of(player), split=task.split)
    windows = _played(player, rng, count).reshape(count, WINDOW_SAMPLES)
    windows *= np.float32(PEAK / max(float(np.abs(windows).max()), SILENT_PEAK))
    sounding = [(n, w) for n, w in enumerate(windows) if np.abs(w).max() > SILENT_PEAK]
    rows = [_write(task, clip, number, window) for number, window in sounding]
    if clip.kind == "phrase" and task.split == "dev":
        heard = _in_a_room([window for _, window in sounding], task.backgrounds, rng)
        in_room = msgspec.structs.replace(clip, kind="room")
        rows += [_write(task, in_room, n, w) for (n, _), w in zip(sounding, heard, strict=True)]
    return rows


def _played(player: Player, rng: np.random.Generator, count: int) -> Samples:
    """So many clips of 4 s one after the other, (count * 64 000,)."""
    if isinstance(player, Programme):
        starts = range(0, count, PHRASES_AT_ONCE)
        parts = [_performed(player, rng, min(count - s, PHRASES_AT_ONCE)) for s in starts]
    elif isinstance(player, Voice):
        parts = [talk(player, rng, WINDOW_SECONDS) for _ in range(count)]
    else:
        parts = [household(player, rng, WINDOW_SECONDS) for _ in range(count)]
    return np.concatenate(parts)


def _performed(programme: Programme, rng: np.random.Generator, phrases: int) -> Samples:
    """Phrases on an instrument, (phrases * 64 000,)."""
    notes = performance(programme, rng, phrases)
    samples = sound_of(notes, programme.number, drums=programme.is_kit)
    whole = np.zeros(round(phrases * PHRASE_SECONDS * SAMPLE_RATE_HZ), np.float32)
    whole[: len(samples)] = samples[: len(whole)]
    return whole


def _in_a_room(
    windows: Iterable[Samples], backgrounds: Sequence[str], rng: np.random.Generator
) -> Iterator[Samples]:
    """The windows as a microphone across one room hears them, something else sounding there."""
    response = shoebox_response(
        rng,
        distance_metres=rng.uniform(*ROOM_METRES),
        rt60_seconds=rng.uniform(*ROOM_RT60_SECONDS),
    )
    for window in windows:
        background = household(str(rng.choice(backgrounds)), rng, WINDOW_SECONDS)
        wet = level(room(window, response), dbfs=PART_DBFS)
        yield level(noise(wet, rng, background=background, snr_db=ROOM_SNR_DB), dbfs=ROOM_DBFS)


def _mixtures(
    folder: Path, rendering: Rendering, rows: Sequence[dict[str, str]]
) -> list[dict[str, str]]:
    """Two families together, from dev phrases; none where fewer than two families have any."""
    by_family: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if row["kind"] == "phrase" and row["split"] == "dev":
            by_family.setdefault(row["label"], []).append(row)
    if len(by_family) < 2:  # noqa: PLR2004
        return []
    rng = np.random.default_rng([rendering.seed, len(PLAYERS)])
    mixed = []
    for number in range(MIXTURES_A_PHRASE * rendering.phrases_per_programme):
        families = sorted(map(str, rng.choice(sorted(by_family), 2, replace=False)))
        parts = [by_family[family][rng.integers(len(by_family[family]))] for family in families]
        sounds = (soundfile.read(folder / part["path"], dtype="float32")[0] for part in parts)
        samples = sum(level(sound, dbfs=PART_DBFS) for sound in sounds)
        row = parts[0] | {
            "path": f"mixture/{number:03d}.flac",
            "kind": "mixture",
            "label": ";".join(families),
            "accepts": "",
            "instrument": "",
            "source": "+".join(part["source"] for part in parts),
            "group": "+".join(part["group"] for part in parts),
            "original": " and ".join(part["path"] for part in parts),
        }
        _write_sound(folder / row["path"], np.clip(samples, -1.0, 1.0))
        mixed.append(row)
    return mixed


def _write(task: _Task, clip: Clip, number: int, samples: Samples) -> dict[str, str]:
    """Write one clip's file; return its row."""
    path = f"{clip.kind}/{clip.label}/{clip.source}-{number:03d}.flac"
    _write_sound(task.folder / path, samples)
    fields = msgspec.structs.asdict(clip) | {
        "path": path,
        "accepts": ";".join(clip.accepts),
        "redistributable": "1" if clip.redistributable else "0",
        "instrument": clip.source,
        "seconds": str(WINDOW_SECONDS),
        "repository": _MADE_BY["phrase" if clip.families else clip.label][1],
        "original": f"seed {task.rendering.seed}, clip {number}",
    }
    return {column: str(fields.get(column, "")) for column in _COLUMNS}


def _write_sound(path: Path, samples: Samples) -> None:
    """Write FLAC, by way of memory: libsndfile does not tell a full disk from other trouble."""
    file = BytesIO()
    soundfile.write(file, samples, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue())


def _write_manifest(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write the manifest in one step, last of all: what has one is whole."""
    text = StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with whole_file(path) as fresh:
        fresh.write_text(text.getvalue(), encoding="utf-8")
