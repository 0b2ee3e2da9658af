"""Detect a file's format from its first bytes; its name is ignored, as it may be wrong."""

from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.mpeg_frames import first_run, is_run
from daemon.sound.containers.tags import after_id3
from daemon.sound.containers.wav_parts import has_float_samples

_TS_PACKET_BYTES = 188
_TS_SYNC = 0x47
_LEAST_PACKETS = 4
_MOST_ZEROS = 1 << 20
_AC3_SYNC, _AC3_MOST_BYTES = b"\x0b\x77", 4_096
_SEARCHED_BYTES = 16_384
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"

WAV, AIFF, CAF, W64, AU, FLAC, OGG, MPEG = "WAV", "AIFF", "CAF", "W64", "AU", "FLAC", "Ogg", "MP3"
LIBSNDFILES = {WAV, AIFF, CAF, W64, AU, FLAC, OGG, MPEG}
"""The formats that libsndfile reads, though perhaps not with all codecs."""
# Only all of the sound can show if floating-point samples have the scale of integers.
_AU_FLOATS = {6, 7}
_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}


def content_of(file: SoundInput) -> tuple[str | None, int]:
    """Return the format's usual name, None if unknown, and the offset where it begins."""
    start = after_id3(file, 0)
    head = file.read(start, 16)
    if name := _by_marker(head):
        return name, start
    if file.size is not None and not any(head):
        start = after_id3(file, _after_zeros(file, start))
    if is_run(file, start):
        return MPEG, start
    if _is_adts(file, start):
        return "AAC", start
    if _is_ac3(file, start):
        return "AC-3", start
    if _is_transport_stream(file, start):
        return "MPEG-TS", start
    return None, 0


def has_id3_tag(file: SoundInput) -> bool:
    """Return whether the input begins with an ID3v2 tag; raw sound does not."""
    return after_id3(file, 0) > 0


def find_mpeg_start(file: SoundInput) -> int | None:
    """Return the offset of the first MP3 frame near the start, or None.

    A recording of a radio stream may begin in the middle of a frame.
    """
    return first_run(file, min(file.end, _SEARCHED_BYTES))


def can_stream(pipe: SoundInput, content: str | None) -> bool:
    """Return whether libsndfile can read the pipe directly, without seeking."""
    match content:
        case "MP3":
            return True
        case "WAV":
            return has_float_samples(pipe) is False
        case "AIFF":
            return pipe.head[8:12] == b"AIFF"
        case "AU":
            return int.from_bytes(pipe.head[12:16], "big") not in _AU_FLOATS
        case _:
            return False


def _by_marker(head: bytes) -> str | None:  # noqa: PLR0911
    first, kind = head[:4], head[8:12]
    if first in {b"RIFF", b"RIFX", b"RF64", b"BW64"}:
        return {b"WAVE": WAV, b"AVI ": "AVI"}.get(kind)
    if first == b"FORM":
        return AIFF if kind in {b"AIFF", b"AIFC"} else None
    if head[4:8] in _BOXES:
        return "MP4"
    if head == _W64:
        return W64
    if head == _ASF:
        return "WMA"
    if head[:5] == b"#!AMR":
        return "AMR"
    return {
        b"caff": CAF,
        b".snd": AU,
        b"fLaC": FLAC,
        b"OggS": OGG,
        b"\x1aE\xdf\xa3": "Matroska or WebM",
        b"FLV\x01": "FLV",
        b"wvpk": "WavPack",
        b"TTA1": "TTA",
        b"MAC ": "APE",
        b"MPCK": "Musepack",
        b"MP+\x07": "Musepack",
        b"MP+\x17": "Musepack",
    }.get(first)


def _after_zeros(file: SoundInput, start: int) -> int:
    """Return the offset after a run of zeros; some recorders begin a file with such a gap."""
    content = file.read(start, _MOST_ZEROS)
    return start + len(content) - len(content.lstrip(b"\0"))


def _is_adts(file: SoundInput, start: int) -> bool:
    for _ in range(_LEAST_PACKETS):
        header = file.read(start, 6)
        size = (int.from_bytes(header[3:6], "big") >> 5) & 0x1FFF
        if len(header) < 6 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or size < 7:  # noqa: PLR2004
            return False
        start += size
    return True


def _is_ac3(file: SoundInput, start: int) -> bool:
    """Return whether a frame begins at `start` and another within the length of a frame."""
    frame = file.read(start, _AC3_MOST_BYTES + len(_AC3_SYNC))
    return frame.startswith(_AC3_SYNC) and _AC3_SYNC in frame[len(_AC3_SYNC) :]


def _is_transport_stream(file: SoundInput, start: int) -> bool:
    packets = file.read(start, _LEAST_PACKETS * _TS_PACKET_BYTES)
    syncs = packets[::_TS_PACKET_BYTES]
    return len(syncs) == _LEAST_PACKETS and set(syncs) == {_TS_SYNC}
