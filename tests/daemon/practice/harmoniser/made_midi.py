"""MIDI files byte by byte, also ones that no library would write."""

from pathlib import Path


def number(value: int) -> bytes:
    """Return a number with variable length, as in a track."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))


def on(delta: int, pitch: int, channel: int = 0) -> bytes:
    return number(delta) + bytes([0x90 | channel, pitch, 90])


def off(delta: int, pitch: int, channel: int = 0) -> bytes:
    return number(delta) + bytes([0x80 | channel, pitch, 0])


def meta(delta: int, kind: int, content: bytes) -> bytes:
    return number(delta) + bytes([0xFF, kind]) + number(len(content)) + content


def tempo(microseconds: int, delta: int = 0) -> bytes:
    return meta(delta, 0x51, microseconds.to_bytes(3, "big"))


def time_signature(numerator: int, power: int, delta: int = 0) -> bytes:
    return meta(delta, 0x58, bytes([numerator, power, 24, 8]))


def key_signature(fifths: int, mode: int) -> bytes:
    return meta(0, 0x59, bytes([fifths % 256, mode]))


def tune(*pitches: int, ticks: int = 480, channel: int = 0) -> bytes:
    """Return notes of equal length."""
    return b"".join(on(0, p, channel) + off(ticks, p, channel) for p in pitches)


def midi(
    *tracks: bytes, division: int = 480, kind: int = 1, count: int | None = None, end: bool = True
) -> bytes:
    """Return a file; `division` may be negative (SMPTE), `count` a wrong number of tracks."""
    shown = len(tracks) if count is None else count
    header = b"MThd" + (6).to_bytes(4, "big") + kind.to_bytes(2, "big") + shown.to_bytes(2, "big")
    body = b""
    for track in tracks:
        content = track + (meta(0, 0x2F, b"") if end else b"")
        body += b"MTrk" + len(content).to_bytes(4, "big") + content
    return header + (division % 65536).to_bytes(2, "big") + body


def written(folder: Path, content: bytes, name: str = "tune.mid") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


ODE = (64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62, 64, 64, 62, 62)
"""The beginning of Beethoven's Ode to Joy, in C major."""
