"""Files are read completely and with correct times, even if their headers state a wrong length."""

import struct
from pathlib import Path

import numpy as np
import pytest

from daemon.sound.sound_file import read_pieces, read_sound
from tests.daemon.made_sounds import (
    LIST_CHUNK,
    RATE_HZ,
    SECONDS,
    encode,
    encode_with_ffmpeg,
    mp3,
    noise,
    put,
    seconds_heard,
    steps,
    wav,
    without_header,
)
from tests.daemon.sound.test_sound_file import refusal, warnings_of

ALL = list(range(SECONDS))
# MP3 and ADPCM pad their last block; without a header, the encoder's delay is not removed.
MARGIN = 0.1


def assert_seconds_heard(path: Path, seconds: list[int]) -> None:
    heard = read_sound(str(path))
    assert seconds_heard(heard) == seconds
    assert len(heard) / 16_000 == pytest.approx(len(seconds), abs=MARGIN)


def test_reads_vbr_mp3_without_a_header_to_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Its low bit rate at the start would suggest a short file.
    samples = np.concatenate([steps(), np.zeros(RATE_HZ, np.float32)])
    samples = np.concatenate([samples, np.random.default_rng(1).normal(0, 0.2, 8 * RATE_HZ)])
    content = without_header(mp3(samples.astype(np.float32)))
    heard = read_sound(str(put(tmp_path, "x.mp3", content)))
    assert len(heard) / 16_000 == pytest.approx(17, abs=2 * MARGIN)
    assert seconds_heard(heard)[:SECONDS] == ALL
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("second", ["whole", "without header", "another rate", "stereo"])
@pytest.mark.parametrize("first", ["whole", "without header"])
def test_reads_joined_mp3s_in_order(
    first: str, second: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    later = {
        "whole": lambda: mp3(steps(first=8)),
        "without header": lambda: without_header(mp3(steps(first=8))),
        "another rate": lambda: mp3(steps(first=8, rate_hz=44_100), 44_100),
        "stereo": lambda: encode("MP3", "MPEG_LAYER_III", np.tile(steps(first=8)[:, None], 2)),
    }[second]()
    tag = b"ID3\4\0\0\0\0\2\0" + bytes(256)
    content = (mp3() if first == "whole" else without_header(mp3())) + tag + later
    path = put(tmp_path, "joined.mp3", content)
    heard = read_sound(str(path))
    assert seconds_heard(heard) == list(range(2 * SECONDS))
    assert len(heard) / 16_000 == pytest.approx(2 * SECONDS, abs=2 * MARGIN)
    assert warnings_of(caplog) == []


def ape_tag(has_header: bool) -> bytes:  # noqa: FBT001
    """Return an APE tag with a cover picture of 30 000 bytes."""
    body = bytes(range(1, 251)) * 120
    flags = has_header << 31
    header, footer = (
        b"APETAGEX" + struct.pack("<IIII", 2_000, len(body) + 32, 1, bits) + bytes(8)
        for bits in (flags | 1 << 29, flags)
    )
    return (header if has_header else b"") + body + footer


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize("after", [b"", b"TAG" + bytes(125)], ids=["", "ID3v1"])
@pytest.mark.parametrize("before", [b"", b"ID3\4\0\0\0\0\2\0" + bytes(256)], ids=["", "ID3v2"])
def test_tags_between_joined_mp3s_add_no_silence(
    *,
    has_header: bool,
    after: bytes,
    before: bytes,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = without_header(mp3()), without_header(mp3(steps(first=8)))
    path = put(tmp_path, "x.mp3", first + ape_tag(has_header) + after + before + second)
    heard = read_sound(str(path))
    assert seconds_heard(heard) == list(range(2 * SECONDS))
    assert len(heard) / 16_000 == pytest.approx(2 * SECONDS, abs=2 * MARGIN)
    assert warnings_of(caplog) == []


def test_ignores_an_mp3_header_that_counts_too_few_frames(tmp_path: Path) -> None:
    content = bytearray(mp3())
    at = max(content.find(b"Xing"), content.find(b"Info"))
    assert content[at + 7] & 3 == 3
    frames, size = struct.unpack_from(">II", content, at + 8)
    struct.pack_into(">II", content, at + 8, frames // 4, size // 4)
    assert_seconds_heard(put(tmp_path, "x.mp3", bytes(content)), ALL)


def test_tags_around_an_mp3_add_no_sound(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ape = b"APETAGEX" + struct.pack("<IIII", 2_000, 40, 0, 0) + bytes(8)
    content = without_header(mp3()) + ape + b"TAG" + bytes(125)
    assert_seconds_heard(put(tmp_path, "x.mp3", content), ALL)
    assert warnings_of(caplog) == []


def test_damage_in_an_mp3_keeps_later_times(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(mp3(mode="CONSTANT"))
    start, end = int(3.05 / 8 * len(content)), int(3.95 / 8 * len(content))
    content[start:end] = bytes(end - start)
    path = put(tmp_path, "x.mp3", bytes(content))
    assert_seconds_heard(path, [0, 1, 2, -1, 4, 5, 6, 7])
    assert warnings_of(caplog) == [
        f"{path}: damaged; silence replaces the sound that cannot be decoded"
    ]


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_few_bytes_between_mp3_frames_are_no_truncation(
    mode: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = mp3(mode=mode)
    middle = len(content) // 2
    path = put(tmp_path, "x.mp3", content[:middle] + b"xyzzy" + content[middle:])
    assert_seconds_heard(path, ALL)
    assert warnings_of(caplog) == []


def test_warns_of_truncated_mp3_with_bytes_between_frames(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = mp3(mode="CONSTANT")
    middle, end = len(content) // 4, len(content) * 3 // 4
    path = put(tmp_path, "x.mp3", content[:middle] + b"xyzzy" + content[middle:end])
    assert_seconds_heard(path, ALL[:6])
    (warning,) = warnings_of(caplog)
    assert warning.startswith(f"{path}: truncated; the 6.")


@pytest.mark.parametrize("size", [200, 500])
def test_small_damage_in_an_mp3_keeps_the_length(
    size: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(mp3(mode="CONSTANT"))
    whole = len(read_sound(str(put(tmp_path, "whole.mp3", bytes(content)))))
    # Each damaged spot covers at least one frame header.
    for second in range(1, 7):
        start = second * len(content) // SECONDS
        content[start : start + size] = bytes(size)
    path = put(tmp_path, "x.mp3", bytes(content))
    assert len(read_sound(str(path))) == pytest.approx(whole, abs=1_600)
    assert warnings_of(caplog) == [
        f"{path}: damaged; silence replaces the sound that cannot be decoded"
    ]


@pytest.mark.parametrize("positions", [[0.05], [0.3], [0.05, 0.5], [0.08, 0.1]])
def test_damage_in_a_flac_keeps_later_times(
    positions: list[float], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("av")
    content = bytearray(encode("FLAC", "PCM_16", np.stack([steps(), steps()], axis=1)))
    for position in positions:
        content[int(position * len(content))] ^= 0xFF
    path = put(tmp_path, "x.flac", bytes(content))
    assert_seconds_heard(path, ALL)
    assert len(warnings_of(caplog)) == 1


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_reads_chained_ogg_to_its_end(
    subtype: str, rate_hz: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = encode("OGG", subtype)
    later = encode("OGG", "VORBIS", steps(first=8, rate_hz=rate_hz), rate_hz)
    assert_seconds_heard(put(tmp_path, "chain.ogg", first + later), list(range(2 * SECONDS)))
    assert_seconds_heard(put(tmp_path, "twice.ogg", first + first), [*ALL, *ALL])
    assert warnings_of(caplog) == []


def flac_with_sample_count(samples: int) -> bytes:
    content = bytearray(encode("FLAC", "PCM_16"))
    field = int.from_bytes(content[21:26], "big") >> 36 << 36
    content[21:26] = (field | samples).to_bytes(5, "big")
    return bytes(content)


@pytest.mark.parametrize("samples", [0, 1, 3 * RATE_HZ, SECONDS * RATE_HZ])
def test_reads_flac_beyond_the_sample_count_in_its_header(
    samples: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(tmp_path, "x.flac", flac_with_sample_count(samples))
    assert len(read_sound(str(path))) == SECONDS * RATE_HZ
    assert_seconds_heard(path, ALL)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize(
    "tail", [bytes(4_096), bytes(2_000_000), b"ID3\4\0\0\0\0\2\0" + b"\xff" * 256, b"a line\n"]
)
def test_bytes_behind_a_complete_flac_add_no_sound(
    tail: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(tmp_path, "x.flac", encode("FLAC", "PCM_16") + tail)
    assert len(read_sound(str(path))) == SECONDS * RATE_HZ
    assert_seconds_heard(path, ALL)
    assert warnings_of(caplog) == []


def test_warns_of_damage_beyond_the_sample_count_of_a_flac(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = flac_with_sample_count(RATE_HZ)
    path = put(tmp_path, "x.flac", content[: len(content) // 2])
    read_sound(str(path))
    assert len(warnings_of(caplog)) == 1


def test_flac_shorter_than_its_sample_count_is_truncated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert_seconds_heard(put(tmp_path, "x.flac", flac_with_sample_count(20 * RATE_HZ)), ALL)
    assert "truncated; the 8.0 s" in warnings_of(caplog)[0]


def test_reads_joined_flac_with_a_tag_to_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    later = encode("FLAC", "PCM_24", steps(first=8, rate_hz=48_000), 48_000)
    content = b"ID3\3\0\0\0\0\1\0" + bytes(128) + encode("FLAC", "PCM_16") + later
    path = put(tmp_path, "x.flac", content + b"TAG" + bytes(125))
    assert_seconds_heard(path, list(range(2 * SECONDS)))
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("tail", [b"", LIST_CHUNK, b"id3 \x04\0\0\0abcd" + LIST_CHUNK])
@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, None),
        (4 * 2 * RATE_HZ, "longer than its header says; all 8.0 s of it are used"),
        (0, "its recording was never finished; the 8.0 s in it are used"),
        (0xFFFF_FFFF, None),
        (0x7FFF_FF00, None),
    ],
)
def test_reads_wav_up_to_the_chunks_after_its_sound(
    size: int | None,
    words: str | None,
    tail: bytes,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = put(tmp_path, "x.wav", wav(size, tail=tail))
    assert len(read_sound(str(path))) == SECONDS * RATE_HZ
    assert warnings_of(caplog) == ([] if words is None else [f"{path}: {words}"])
    assert_seconds_heard(path, ALL)


# Bytes that recorders, taggers and web servers append to a complete file.
TAILS = {
    "zeros": bytes(4_096),
    "tag": b"ID3\4\0\0\0\0\x4e\x20" + noise().tobytes()[:10_016],
    "tag and zeros": b"ID3\4\0\0\0\0\2\0" + b"\xff" * 256 + bytes(9_000),
    "text": b"\n<!-- made by recorder v1.0 \x01\x02 -->\n",
}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
@pytest.mark.parametrize("container", ["WAV", "AIFF", "AU", "CAF", "W64"])
def test_bytes_behind_a_complete_file_add_no_sound(
    container: str, tail: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = encode(container, "PCM_16")
    expected = read_sound(str(put(tmp_path, "whole", whole)))
    assert np.array_equal(read_sound(str(put(tmp_path, "x", whole + tail))), expected)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("padding", [b"", b"\0"])
@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_bytes_behind_a_wav_of_odd_size_add_no_sound(
    tail: bytes, padding: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = wav(samples=steps()[:-1], tail=padding + tail, bits=8)
    assert len(read_sound(str(put(tmp_path, "x.wav", content)))) == SECONDS * RATE_HZ - 1
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("chunks", [LIST_CHUNK, 2 * LIST_CHUNK])
def test_zeros_behind_the_chunks_of_a_wav_add_no_sound(
    chunks: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(tmp_path, "x.wav", wav(tail=chunks + bytes(4_096)))
    assert len(read_sound(str(path))) == SECONDS * RATE_HZ
    assert warnings_of(caplog) == []


def test_rejects_wav_without_sound_before_its_chunks(tmp_path: Path) -> None:
    content = wav(0, np.zeros(0, np.float32), LIST_CHUNK)
    assert "it contains no sound" in refusal(put(tmp_path, "x.wav", content))


def test_reads_joined_wavs_in_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = wav() + wav(0, steps(first=8))
    assert_seconds_heard(put(tmp_path, "x.wav", content), list(range(2 * SECONDS)))
    assert len(warnings_of(caplog)) == 1


def test_reads_wav_over_4_gib_beyond_its_header(tmp_path: Path) -> None:
    content = bytearray(wav())
    size = (1 << 32) + 2 * 2 * RATE_HZ
    struct.pack_into("<I", content, 4, (size + 36) % (1 << 32))
    struct.pack_into("<I", content, content.index(b"data") + 4, size % (1 << 32))
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.write(content)
        file.truncate(44 + size)
    heard = []
    for piece in read_pieces(str(path)):
        heard.append(piece)
        if sum(map(len, heard)) >= SECONDS * RATE_HZ:
            break
    assert seconds_heard(np.concatenate(heard)) == ALL


@pytest.mark.parametrize("keeps_size", [True, False])
def test_reads_rf64_without_sizes_to_its_end(
    *, keeps_size: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(encode("RF64", "PCM_16"))
    at = content.index(b"ds64")
    content[at + 8 : at + 32] = bytes(24)
    data = content.index(b"data")
    if not keeps_size:
        content[data + 4 : data + 8] = bytes(4)
    path = put(tmp_path, "x.wav", bytes(content))
    assert_seconds_heard(path, ALL)
    assert warnings_of(caplog) == [
        f"{path}: its recording was never finished; the 8.0 s in it are used"
    ]


@pytest.mark.parametrize("padding", [b"", b"\0"])
@pytest.mark.parametrize("tail", [b"", LIST_CHUNK])
def test_odd_size_is_no_truncation(
    padding: bytes, tail: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = wav(samples=steps()[:-1], tail=padding + tail, bits=8)
    heard = read_sound(str(put(tmp_path, "x.wav", content)))
    assert len(heard) == SECONDS * RATE_HZ - 1
    assert warnings_of(caplog) == []


# By container: marker and offset of the size field, its format, and the extra bytes it counts.
SIZE_FIELDS = {
    "AIFF": (b"SSND", 4, ">i", 8),
    "CAF": (b"data", 4, ">q", 4),
    "W64": (b"data", 16, "<q", 24),
    "AU": (b".snd", 8, ">i", 0),
}


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, None),
        (-1, None),
        (0, "its recording was never finished; the 8.0 s in it are used"),
        (4 * 2 * RATE_HZ, "longer than its header says; all 8.0 s of it are used"),
    ],
)
@pytest.mark.parametrize("container", SIZE_FIELDS)
def test_reads_other_containers_to_the_end_of_their_sound(
    container: str,
    size: int | None,
    words: str | None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = bytearray(encode(container, "PCM_16"))
    name, offset, form, more = SIZE_FIELDS[container]
    if size is not None:
        at = content.rindex(name, 0, 5_000) + offset
        struct.pack_into(form, content, at, size + more if size > 0 else size)
        if container == "AIFF":
            struct.pack_into(">i", content, content.index(b"COMM") + 10, max(0, size // 2))
    path = put(tmp_path, f"x.{container.lower()}", bytes(content))
    assert_seconds_heard(path, ALL)
    if container == "AIFF" and size == 0:
        words = None  # FFmpeg writes this to a pipe.
    assert warnings_of(caplog) == ([] if words is None else [f"{path}: {words}"])


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "ULAW", "GSM610", "FLOAT"])
def test_complete_wav_of_any_codec_is_not_reported_as_truncated(
    subtype: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert_seconds_heard(put(tmp_path, "x.wav", encode("WAV", subtype)), ALL)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("size", [None, 0, 0xFFFF_FFFF])
@pytest.mark.parametrize("has_header", [True, False])
def test_reads_vbr_mp3_in_wav_to_its_end(
    *, size: int | None, has_header: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    samples = np.concatenate([steps(2), np.zeros(RATE_HZ, np.float32), steps(), noise()])
    data = mp3(samples) if has_header else without_header(mp3(samples))
    form = struct.pack("<HHIIHHHHIHHH", 0x55, 1, RATE_HZ, 2_000, 1, 0, 12, 1, 2, 576, 1, 0)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data"
    body += struct.pack("<I", len(data) if size is None else size) + data
    path = put(tmp_path, "x.wav", b"RIFF" + struct.pack("<I", len(body)) + body)
    heard = read_sound(str(path))
    assert len(heard) / 16_000 == pytest.approx(len(samples) / RATE_HZ, abs=2 * MARGIN)
    assert seconds_heard(heard)[:11] == [0, 1, -1, *ALL]
    assert len(warnings_of(caplog)) == (size == 0)


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("wav", "pcm_s16le"), ("wav", "pcm_f32le"), ("wav", "adpcm_ms"), ("wav", "libmp3lame"),
        ("flac", "flac"), ("aiff", "pcm_s16be"), ("w64", "pcm_s16le"), ("mp3", "libmp3lame"),
        ("ogg", "libopus"), ("au", "pcm_s16be"),
    ],
)  # fmt: skip
def test_file_written_to_a_pipe_is_not_reported_as_truncated(
    container: str, codec: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = encode_with_ffmpeg(container, codec, rate_hz=48_000, into_pipe=True)
    assert_seconds_heard(put(tmp_path, f"x.{container}", content), ALL)
    assert warnings_of(caplog) == []
