"""Formats are detected by content, not by name; FFmpeg reads what libsndfile cannot."""

import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.sound.sound_file import read_sound
from tests.daemon.made_sounds import (
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


@pytest.mark.parametrize(
    ("container", "codec", "rate_hz", "name"),
    [
        ("mp4", "aac", 48_000, "x.wav"), ("mp4", "aac", 48_000, "x"),
        ("ipod", "aac", 48_000, "x.m4r"),
        ("3gp", "aac", 48_000, "x.3gp"), ("mov", "aac", 48_000, "x.qta"),
        ("webm", "libopus", 48_000, "x.mp3"), ("webm", "libopus", 48_000, "x.weba"),
        ("matroska", "flac", 48_000, "x.mkv"), ("avi", "pcm_s16le", 48_000, "x.avi"),
        ("asf", "pcm_s16le", 44_100, "x.asf"), ("asf", "pcm_s16le", 44_100, "x.opus"),
        ("mpegts", "aac", 48_000, "x.ts"), ("mpegts", "aac", 48_000, "x.flac"),
        ("flv", "aac", 44_100, "x.flv"), ("ac3", "ac3", 48_000, "x.ac3"),
        ("adts", "aac", 48_000, "x.adts"), ("adts", "aac", 48_000, "x.ogg"),
        ("ogg", "flac", 48_000, "x.flac"), ("tta", "tta", 48_000, "x.tta"),
        ("wv", "wavpack", 48_000, "x.wv"), ("nut", "pcm_s16le", 48_000, "x.nut"),
    ],
)  # fmt: skip
def test_ffmpeg_reads_formats_that_libsndfile_cannot(
    *,
    container: str,
    codec: str,
    rate_hz: int,
    name: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = encode_with_ffmpeg(container, codec, rate_hz=rate_hz)
    heard = read_sound(str(put(tmp_path, name, content)))
    assert seconds_heard(heard) == ALL
    assert len(heard) / 16_000 == pytest.approx(SECONDS, abs=0.1)
    assert warnings_of(caplog) == []


def test_reads_amr(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs FFmpeg to read it")
    # Frames with the highest bit rate, 20 ms each.
    content = b"#!AMR\n" + 400 * (b"\x3c" + bytes(31))
    heard = read_sound(str(put(tmp_path, "x.wav", content)))
    assert len(heard) / 16_000 == pytest.approx(SECONDS, abs=0.05)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("AIFF", "PCM_16")],
)
@pytest.mark.parametrize("name", ["x.m4a", "x.webm", "x", "x.mp3", "x.raw"])
def test_libsndfile_reads_its_formats_under_any_name(
    container: str, subtype: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    heard = read_sound(str(put(tmp_path, name, encode(container, subtype))))
    assert seconds_heard(heard) == ALL


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize("before", [bytes(100_000), b"ID3\4\0\0\0\0\2\0" + bytes(256)])
def test_reads_mp3_behind_zeros_or_a_tag(
    *, before: bytes, has_header: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = mp3() if has_header else without_header(mp3())
    heard = read_sound(str(put(tmp_path, "x.mp3", before + content)))
    assert seconds_heard(heard) == ALL
    assert warnings_of(caplog) == []


def pages(content: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Yield start and end of each Ogg page."""
    start = 0
    while start < len(content):
        segments = content[start + 27 : start + 27 + content[start + 26]]
        end = start + 27 + len(segments) + sum(segments)
        yield start, end
        start = end


REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def set_granule(content: bytearray, start: int, end: int, granule: int) -> None:
    """Set the granule position of an Ogg page and update its checksum."""
    struct.pack_into(
        "<qIII", content, start + 6, granule, *struct.unpack_from("<II", content, start + 14), 0
    )
    value = zlib.crc32(bytes(content[start:end]).translate(REVERSED), 0xFFFF_FFFF) ^ 0xFFFF_FFFF
    content[start + 22 : start + 26] = value.to_bytes(4, "big").translate(REVERSED)


@pytest.mark.parametrize("wrong", ["all zero", "last zero", "last too small", "all of one page"])
@pytest.mark.parametrize("has_more", [True, False])
def test_reads_opus_with_wrong_granule_positions_completely(
    *, wrong: str, has_more: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(encode("OGG", "OPUS", steps(0.5 if wrong == "all of one page" else 8)))
    bounds = list(pages(content))
    if wrong == "last too small":
        set_granule(content, *bounds[-1], 10_000)
    for start, end in bounds[-1:] if wrong == "last zero" else bounds[2:]:
        if wrong != "last too small":
            set_granule(content, start, end, 0)
    path = put(tmp_path, "x.opus", bytes(content) + (encode("OGG", "VORBIS") if has_more else b""))
    expected = ([] if wrong == "all of one page" else ALL) + (ALL if has_more else [])
    heard = read_sound(str(path))
    if wrong == "all of one page":
        assert len(heard) > 8_000
        heard = heard[-8 * 16_000 :] if has_more else heard[:0]
    assert seconds_heard(heard) == expected
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (b"", []),
        (b"TAG" + bytes(125), []),
        (b"OggS\0", ["truncated; the 8.0 s that can be decoded are used"]),
    ],
)
def test_ogg_without_a_last_page_flag_is_not_reported_as_truncated(
    subtype: str, tail: bytes, words: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(encode("OGG", subtype))
    start, end = list(pages(content))[-1]
    granule = struct.unpack_from("<q", content, start + 6)[0]
    content[start + 5] &= ~4
    set_granule(content, start, end, granule)
    path = put(tmp_path, "x.ogg", bytes(content) + tail)
    heard = read_sound(str(path))
    assert seconds_heard(heard) == ALL
    assert len(heard) == pytest.approx(SECONDS * 16_000, abs=200 * len(words))
    assert warnings_of(caplog) == [f"{path}: {each}" for each in words]


def test_ogg_with_a_wrong_checksum_is_reported_as_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(encode("OGG", "OPUS"))
    start, end = list(pages(content))[4]
    content[start + 200 : end] = bytes(end - start - 200)
    path = put(tmp_path, "x.ogg", bytes(content))
    read_sound(str(path))
    assert warnings_of(caplog)[0].startswith(f"{path}: damaged; ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\0\0\0\x20ftypM4A " + bytes(99), "MP4 files need PyAV"),
        (b"\x1aE\xdf\xa3" + bytes(99), "Matroska or WebM files need PyAV"),
        (b"RIFF\0\0\0\0AVI " + bytes(99), "AVI files need PyAV"),
        (b"some text\n" * 99, "PyAV (the extra media) reads more formats"),
    ],
)
def test_error_without_pyav_names_the_extra(
    content: bytes, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    message = refusal(put(tmp_path, "x.wav", content))
    assert words in message
    assert "the extra media" in message
    assert "-m pip install av, or convert it to WAV or FLAC" in message


def test_reads_damaged_flac_up_to_the_damage_without_pyav(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    content = bytearray(encode("FLAC", "PCM_16", noise()))
    middle = len(content) // 2
    content[middle : middle + 2_000] = bytes(2_000)
    path = put(tmp_path, "x.flac", bytes(content))
    assert len(read_sound(str(path))) / 16_000 == pytest.approx(4, abs=0.5)
    (warning,) = warnings_of(caplog)
    assert warning.startswith(f"{path}: damaged; the ")
    assert warning.endswith(" -m pip install av")


def test_error_for_an_invalid_wav_states_the_reason(tmp_path: Path) -> None:
    assert "cannot be read as audio (" in refusal(put(tmp_path, "x.wav", wav()[:30]))
