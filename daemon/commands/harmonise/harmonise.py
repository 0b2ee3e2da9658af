"""Add voices or chords to a melody: `timbrel harmonise`."""

from pathlib import Path
from typing import NamedTuple

from daemon.errors import InputError
from daemon.practice.harmoniser.files.sound import check_synthesizer, render_midi
from daemon.practice.harmoniser.files.source import (
    MelodySource,
    heard_source,
    is_midi,
    midi_source,
)
from daemon.practice.harmoniser.harmony import CHORALE, Harmoniser, Harmony, Style
from daemon.practice.harmoniser.keys import parse_key
from daemon.system.printable import printable


class Outputs(NamedTuple):
    """The files to write."""

    midi: Path
    """The melody with its harmony."""
    sound: Path | None
    """The same as sound; None for none."""


def harmonise(
    melody: Path,
    *,
    output: Path | None,
    audio: Path | None,
    style: Style,
    key: str | None,
    track: int | None,
    force: bool,
) -> int:
    """Write a melody with voices or chords; print the key and what was added.

    Raises InputError if the melody, the key or an output cannot be used.
    """
    wanted_key = parse_key(key) if key is not None else None
    source = _read(melody, track)
    outputs = Outputs(output or melody.with_name(f"{melody.stem}-harmonised.mid"), audio)
    _check_outputs(melody, outputs, force=force)
    harmony = Harmoniser().harmonise(source.tune, style, wanted_key)
    source.write(outputs.midi, harmony)
    if outputs.sound is not None:
        render_midi(outputs.midi, outputs.sound)
    for line in _report(outputs, source, harmony, style, is_chosen=wanted_key is not None):
        print(printable(line))
    return 0


def _read(melody: Path, track: int | None) -> MelodySource:
    if is_midi(melody):
        return midi_source(melody, track)
    if track is not None:
        raise InputError(f"{melody}: --track is for MIDI files; leave it out")
    from daemon.practice.notes.transcriber import notes_of
    from daemon.sound.sound_file import read_sound

    return heard_source(notes_of(read_sound(str(melody))), melody)


def _check_outputs(melody: Path, outputs: Outputs, *, force: bool) -> None:
    """Raise InputError if an output would replace the melody, or another file without `force`."""
    if outputs.sound is not None:
        check_synthesizer()
        if outputs.sound.absolute() == outputs.midi.absolute():
            raise InputError(f"{outputs.midi}: is named for both outputs; name two files")
    for path in filter(None, outputs):
        if path.is_dir():
            raise InputError(f"{path}: is a folder; name a file")
        if not path.parent.is_dir():
            raise InputError(f"{path.parent}: no such folder; make it or name another")
        if path.exists() and path.samefile(melody):
            raise InputError(f"{path}: is the melody itself; name another file for the result")
        if path.exists() and not force:
            raise InputError(f"{path}: exists; name another file, or replace it with --force")


def _report(
    outputs: Outputs, source: MelodySource, harmony: Harmony, style: Style, *, is_chosen: bool
) -> list[str]:
    """Return the lines to print."""
    count = len(harmony.chords)
    added = "three voices" if style == CHORALE else "a triad a bar"
    changes = f"{count} chord{'' if count == 1 else 's'}"
    lines = [f"{' and '.join(map(str, filter(None, outputs)))}: {harmony.key}, {added}, {changes}"]
    hint = source.tune.hint
    if hint is not None and hint.shift != harmony.key.shift and not is_chosen:
        lines.append(f"the key signature of {hint} does not fit the notes and was ignored")
    if harmony.octaves:
        count, direction = abs(harmony.octaves), "higher" if harmony.octaves > 0 else "lower"
        octaves = f"{count} octave{'' if count == 1 else 's'}"
        lines.append(
            f"the melody is outside the soprano's range; harmonised as if {octaves} {direction}"
        )
    return lines
