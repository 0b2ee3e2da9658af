"""Read MIDI files of any program, with mido."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from daemon.errors import InputError

if TYPE_CHECKING:
    import mido

_MOST_BYTES: Final = 10_000_000
_DRUM_CHANNEL: Final = 9
# Decodes every byte, and gives the same bytes back, whatever encoding a file's texts have.
_ANY_ENCODING: Final = "latin1"
_SIGNATURE_BYTES: Final = 2


def read_midi(path: Path) -> "mido.MidiFile":
    """Read a MIDI file.

    Meta messages `key_signature` have raw values: `fifths` (-128..127) and `mode` (0..255), which
    may be impossible. Raises InputError if the file is missing, too large or damaged, or if mido is
    not installed.
    """
    mido = import_mido()
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path}: larger than {_MOST_BYTES // 1_000_000} MB; cut it")
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path}: not found") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    if content[:4] != b"MThd":
        raise InputError(f"{path}: not a MIDI file; export it again as a Standard MIDI File")
    try:
        file = mido.MidiFile(file=io.BytesIO(content), charset=_ANY_ENCODING, clip=True)
    except EOFError:
        raise InputError(f"{path}: cut short; copy or export it again") from None
    except (OSError, ValueError, LookupError, TypeError, struct.error) as error:
        raise InputError(f"{path}: damaged ({error}); export it again") from None
    if file.ticks_per_beat == 0:
        raise InputError(f"{path}: its division is 0, so it has no time; export it again")
    return file


def import_mido() -> Any:
    """Return the module mido, which then reads impossible key signatures.

    Raises InputError if it is not installed.
    """
    try:
        import mido
        from mido.midifiles.meta import MetaSpec, add_meta_spec
    except ImportError:
        raise InputError(
            "MIDI files need the package mido; install Timbrel with its extra `practice`"
        ) from None

    class RawKeySignature(MetaSpec):  # type: ignore[misc]
        """A key signature whose values are not checked."""

        type = "key_signature"
        type_byte = 0x59
        attributes: ClassVar = ["fifths", "mode"]
        defaults: ClassVar = [0, 0]

        def decode(self, message: Any, data: Any) -> None:
            """Set the attributes from the bytes; a damaged message becomes C major."""
            raw = bytes(data)
            values = struct.unpack("bB", raw) if len(raw) == _SIGNATURE_BYTES else (0, 0)
            message.fifths, message.mode = values

        def encode(self, message: Any) -> list[int]:
            """Return the same bytes."""
            return [*struct.pack("bB", message.fifths, message.mode)]

        def check(self, _name: str, _value: Any) -> None:
            """Accept every value."""

    add_meta_spec(RawKeySignature)
    return mido


def with_ticks(track: Any) -> Iterator[tuple[int, Any]]:
    """Yield the messages of a track, each with its tick from the beginning of the file."""
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message


def is_note(message: Any) -> bool:
    """Return whether a message is a key press or release outside the drum channel."""
    return message.type in {"note_on", "note_off"} and message.channel != _DRUM_CHANNEL
