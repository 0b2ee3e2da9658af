"""What the companion finds, as MQTT messages; pure."""

import msgspec

from daemon.hub import payloads
from daemon.hub.messages import Message, Node
from daemon.practice.now import Now
from daemon.practice.spelling import note_name

_DIGITS = {
    "a4_hz": 1,
    "in_tune": 2,
    "median_cents": 1,
    "tempo_bpm": 1,
    "tempo_stability": 3,
    "tempo_drift": 3,
    "key_confidence": 2,
    "vibrato_hz": 1,
    "vibrato_cents": 0,
}


def practice_now(node: Node, now: Now) -> Message:
    """Return the figures of the last 30 s."""
    figures = now._asdict()
    for name, digits in _DIGITS.items():
        if figures[name] is not None:
            # Zero has no sign.
            figures[name] = round(figures[name], digits) + 0.0
    body = payloads.PracticeNow(**figures)
    return Message(node.topic("practice/now"), msgspec.json.encode(body), retain=True)


def practice_note(
    node: Node, notes: tuple[int, ...], newest: int | None, cents: float | None, key: str | None
) -> Message:
    """Return the notes that sound, as MIDI numbers; `newest` None if none does.

    The message is not retained, because it is old within a second.
    """
    body = payloads.PracticeNote(note=None, notes=[])
    if newest is not None:
        body = payloads.PracticeNote(
            note=note_name(newest, key),
            notes=[note_name(midi, key) for midi in notes],
            midi=newest,
            cents=None if cents is None else round(cents, 1) + 0.0,
        )
    return Message(node.topic("practice/note"), msgspec.json.encode(body))
