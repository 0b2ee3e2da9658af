"""The figures of a recording in words, for the page of text and the HTML page."""

from collections.abc import Iterator

from daemon.commands.practice.objects import range_of
from daemon.practice.analysis.recording import Recording

UNKNOWN = "unknown"


def figure_lines(recording: Recording) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each figure."""
    yield "tempo", _tempo(recording)
    yield "tuning", _tuning(recording)
    yield "key", _key(recording)
    yield "notes", _notes(recording)
    yield "dynamics", _dynamics(recording)
    if recording.genre:
        yield "genre", ", ".join(f"{name} {share:.0%}" for name, share in recording.genre.items())


def _tempo(recording: Recording) -> str:
    rhythm = recording.rhythm
    if rhythm is None or rhythm.tempo_bpm is None:
        return f"{UNKNOWN}: no steady beat"
    steady = rhythm.tempo_stability
    more = "" if steady is None else f", varies by {100 * steady:.1f} %"
    return f"{rhythm.tempo_bpm:.1f} bpm{more}"


def _tuning(recording: Recording) -> str:
    a4_hz, reference_hz = recording.a4_hz, recording.reference_hz
    parts = [f"A4 {UNKNOWN}" if a4_hz is None else f"A4 = {a4_hz:.1f} Hz"]
    if recording.in_tune is not None:
        parts.append(f"{100 * recording.in_tune:.0f} % of the time in tune with it")
    if recording.median_cents is not None:
        parts.append(f"median {recording.median_cents:+.1f} cents from {reference_hz:g} Hz")
    if recording.tuning_drift_cents is not None:
        parts.append(f"drift {recording.tuning_drift_cents:+.1f} cents")
    return ", ".join(parts)


def _key(recording: Recording) -> str:
    harmony = recording.harmony
    if harmony is None or harmony.key is None:
        return UNKNOWN
    return f"{harmony.key}, confidence {100 * harmony.key_confidence:.0f} %"


def _notes(recording: Recording) -> str:
    if recording.notes is None:
        return f"{UNKNOWN}: there is no note model"
    found = range_of(recording)
    if found is None:
        return "none"
    legato = recording.legato
    more = "" if legato is None else f", {100 * legato:.0f} % legato"
    return f"{len(recording.notes)}, {found[0]} to {found[1]}{more}"


def _dynamics(recording: Recording) -> str:
    if recording.dynamic_range_db is None:
        return f"{UNKNOWN}: silence"
    labels = [swell.label for swell in recording.swells]
    counts = [
        f"{labels.count(label)} {label}{'s' if labels.count(label) > 1 else ''}"
        for label in ("crescendo", "decrescendo")
        if label in labels
    ]
    return ", ".join([f"range {recording.dynamic_range_db:.0f} dB", *counts])
