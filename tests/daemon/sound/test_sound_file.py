"""Real files of every format are read as 16 kHz mono; errors name the file."""

import io
import json
import logging
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.__main__ import main
from daemon.errors import InputError
from daemon.sound.sound_file import read_pieces, read_sound
from tests.daemon.conftest import Samples
from tests.daemon.decoders import decoders, fake_decoder

# Suffix, libsndfile's container, its subtype; then AAC in MP4, made with PyAV.
LOSSLESS = [
    (".wav", "WAV", "PCM_U8"),
    (".wav", "WAV", "PCM_16"),
    (".wav", "WAV", "PCM_24"),
    (".wav", "WAV", "FLOAT"),
    (".WAV", "WAV", "DOUBLE"),
    (".aiff", "AIFF", "PCM_16"),
    (".flac", "FLAC", "PCM_16"),
]
LOSSY = [(".ogg", "OGG", "VORBIS"), (".opus", "OGG", "OPUS"), (".mp3", "MP3", "MPEG_LAYER_III")]
M4A = (".m4a", "MP4", "AAC")
Format = tuple[str, str, str]


def tone(rate_hz: int, seconds: float, channels: int = 1, hz: float = 1_000.0) -> Samples:
    """Return a sine (n, channels) at half of full scale."""
    time_seconds = np.arange(round(seconds * rate_hz)) / rate_hz
    sine = 0.5 * np.sin(2 * np.pi * hz * time_seconds)
    return np.repeat(sine[:, None], channels, axis=1).astype(np.float32)


def write(
    path: Path, samples: Samples, rate_hz: int, kind: Format, *, moov_first: bool = True
) -> Path:
    """Write samples (n, channels) in the format `kind`; return the path with its suffix."""
    suffix, container, subtype = kind
    path = path.with_suffix(suffix)
    if kind != M4A:
        soundfile.write(path, samples, rate_hz, format=container, subtype=subtype)
        return path
    av = pytest.importorskip("av", reason="needs PyAV to make an m4a")
    layout = {1: "mono", 2: "stereo"}[samples.shape[1]]
    options = {"movflags": "faststart"} if moov_first else {}
    with av.open(str(path), "w", format="mp4", options=options) as file:
        stream = file.add_stream("aac", rate=rate_hz, layout=layout)
        stream.bit_rate = 128_000
        for start in range(0, len(samples), 1_024):
            piece = np.ascontiguousarray(samples[start : start + 1_024].T)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate_hz, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def assert_is_the_tone(heard: Samples, hz: float = 1_000.0, within: float = 0.01) -> None:
    """Check frequency and level of the tone, away from its ends."""
    middle = heard[2_000:-2_000].astype(np.float64)
    assert np.sqrt(np.mean(middle**2) * 2) == pytest.approx(0.5, rel=within)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert spectrum.argmax() * 16_000 / len(middle) == pytest.approx(hz, abs=2.0)


def refusal(path: Path | str) -> str:
    """Return the message of the InputError that reading raises; check its file and remedy."""
    with pytest.raises(InputError) as caught:
        read_sound(str(path))
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert any(mark in message for mark in ("; ", "("))
    assert "\n" not in message
    return message


def warnings_of(log: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in log.records if r.levelno >= logging.WARNING]


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY, M4A], ids="-".join)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_preserves_frequency_level_and_length(
    kind: Format, channels: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rate_hz = 48_000
    path = write(tmp_path / "tone", tone(rate_hz, 3.0, channels), rate_hz, kind)
    heard = read_sound(str(path))
    assert heard.dtype == np.float32
    assert heard.ndim == 1
    # AAC comes in frames of 1024 samples, of which MP4 does not trim the last.
    allowed = 2 * 1_024 / 3 if kind == M4A else 2
    assert abs(len(heard) - 48_000) <= allowed
    assert_is_the_tone(heard, within=0.01 if kind in LOSSLESS else 0.03)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("kind", [LOSSLESS[6], *LOSSY, M4A], ids="-".join)
def test_no_gaps_between_pieces(kind: Format, tmp_path: Path) -> None:
    # A pure tone needs few bits, so an interrupted MP3 decoder finds its bit reservoir empty.
    heard = read_sound(str(write(tmp_path / "tone", tone(48_000, 6.0), 48_000, kind)))
    pieces = heard[4_000:92_000].reshape(-1, 160)
    levels = np.sqrt(np.mean(pieces**2, axis=1))
    np.testing.assert_allclose(levels, 0.5 / np.sqrt(2), rtol=0.05)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 96_000, 192_000])
@pytest.mark.parametrize("seconds", [1.0, 2.00021])
def test_every_rate_preserves_frequency_level_and_length(
    rate_hz: int, seconds: float, tmp_path: Path
) -> None:
    samples = tone(rate_hz, seconds)
    path = write(tmp_path / "tone", samples, rate_hz, LOSSLESS[1])
    heard = read_sound(str(path))
    assert abs(len(heard) - len(samples) * 16_000 / rate_hz) <= 2
    assert_is_the_tone(heard)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
def test_resampling_does_not_shift_time(rate_hz: int, tmp_path: Path) -> None:
    samples = np.zeros((2 * rate_hz, 1), np.float32)
    samples[rate_hz] = 0.9
    heard = read_sound(str(write(tmp_path / "click", samples, rate_hz, LOSSLESS[3])))
    assert abs(int(np.abs(heard).argmax()) - 16_000) <= 1


@pytest.mark.parametrize("kind", [LOSSLESS[1], LOSSLESS[3], LOSSLESS[6]])
def test_16_khz_is_read_sample_exact(kind: Format, noise: Samples, tmp_path: Path) -> None:
    samples = np.round(noise * 8_192) / np.float32(32_768)
    path = write(tmp_path / "noise", samples[:, None], 16_000, kind)
    assert np.array_equal(read_sound(str(path)), samples)


@pytest.mark.parametrize("channels", [2, 6])
def test_mixes_channels_to_their_mean(channels: int, tmp_path: Path) -> None:
    samples = np.tile(np.arange(channels).astype(np.float32) / np.float32(8), (1_000, 1))
    path = write(tmp_path / "steps", samples, 16_000, LOSSLESS[3])
    np.testing.assert_allclose(read_sound(str(path)), (channels - 1) / 16, atol=1e-6)


def write_with_pyav(
    path: Path, samples: Samples, rate_hz: int, *, codec: str, layout: str, container: str
) -> None:
    """Write samples (n, channels) with one of FFmpeg's encoders."""
    av = pytest.importorskip("av", reason="needs PyAV to write it")
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate_hz, layout=layout)
        for start in range(0, len(samples), 1_024):
            piece = np.ascontiguousarray(samples[start : start + 1_024].reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(piece, format="flt", layout=layout)
            frame.sample_rate, frame.pts = rate_hz, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


# The Core Audio file lists its channels individually, in an unusual order.
@pytest.mark.parametrize(
    ("channels", "layout", "container"),
    [
        (7, "6.1", "mov"), (8, "7.1", "mov"), (16, "hexadecagonal", "mov"), (24, "22.2", "mov"),
        (8, "7.1", "caf"), (9, "9 channels", "matroska"), (64, "64 channels", "matroska"),
        (4, "ambisonic 1", "mov"),
    ],
)  # fmt: skip
def test_mixes_any_number_of_channels_to_their_mean(
    channels: int, layout: str, container: str, tmp_path: Path
) -> None:
    steps = np.arange(channels).astype(np.float32) / np.float32(128)
    path = tmp_path / "steps.mov"
    samples = np.tile(steps, (16_000, 1))
    write_with_pyav(path, samples, 16_000, codec="pcm_s16le", layout=layout, container=container)
    heard = read_sound(str(path))
    assert len(heard) == 16_000
    np.testing.assert_allclose(heard, (channels - 1) / 256, atol=1e-6)


def test_reads_7_1_m4a(tmp_path: Path) -> None:
    samples = tone(96_000, 3.0, channels=8)
    path = tmp_path / "x.m4a"
    write_with_pyav(path, samples, 96_000, codec="aac", layout="7.1", container="mp4")
    heard = read_sound(str(path))
    assert abs(len(heard) - 48_000) <= 2 * 1_024 / 6 + 2
    # AAC reserves one of the eight channels for low frequencies.
    assert_is_the_tone(heard / heard[8_000:-8_000].std() / np.sqrt(8), within=0.05)
    assert heard.std() > 0.25


def test_rejects_more_than_64_channels(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs PyAV to write it")
    path = tmp_path / "many.mka"
    with av.open(str(path), "w", format="matroska") as file:
        stream = file.add_stream("pcm_s16le", rate=48_000, layout="65 channels")
        samples = np.zeros((1, 1_024 * 65), np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="65 channels")
        frame.sample_rate, frame.pts = 48_000, 0
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    assert "(more than 64 channels)" in refusal(path)


@pytest.mark.parametrize("channels", [1, 2])
def test_m4a_samples_equal_those_of_pyav(channels: int, noise: Samples, tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs PyAV to compare with")
    samples = np.stack([noise, np.roll(noise, 999)], axis=1)[:, :channels]
    path = write(tmp_path / "noise", samples, 16_000, M4A)
    with av.open(str(path)) as file:
        planes = [frame.to_ndarray() for frame in file.decode(audio=0)]
    expected = np.concatenate(planes, axis=1).mean(axis=0)
    np.testing.assert_allclose(read_sound(str(path)), expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sound(1.0); os.kill(os.getpid(), signal.SIGSEGV)", "its decoder crashed (SIGSEGV)"),
        ("sound(1.0); time.sleep(60)", "(its decoder hangs)"),
        ("print('hello' * 99)", "its decoder sends garbage"),
    ],
)
def test_failed_decoder_rejects_only_its_file(
    code: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("daemon.sound.decoding.child._PROGRAM", fake_decoder(tmp_path, code))
    if "hangs" in words:
        monkeypatch.setattr("daemon.sound.decoding.ffmpeg_file._HANG_SECONDS", 1.0)
    bad, good = tmp_path / "bad.m4a", tmp_path / "good.wav"
    bad.write_bytes(b"\0\0\0\x20ftypM4A ")
    soundfile.write(good, tone(16_000, 4.0), 16_000)
    assert words in refusal(bad)
    assert main(["replay", "--json", "--scores", str(bad), str(good)]) == 2
    files = [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()]
    assert files == [str(good)]
    assert decoders() == []


def test_stopping_early_ends_the_decoder(tmp_path: Path) -> None:
    path = write(tmp_path / "long", tone(16_000, 60.0), 16_000, M4A)
    pieces = read_pieces(str(path))
    next(pieces)
    assert len(decoders()) == 1
    del pieces
    assert decoders() == []


@pytest.mark.parametrize("name", ["12:30.m4a", "-o.m4a", "http:x.m4a", "M\udcfcller.m4a"])
def test_reads_file_names_that_ffmpeg_could_misinterpret(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "song", tone(16_000, 1.0), 16_000, M4A).rename(name)
    assert len(read_sound(name)) >= 16_000


def test_file_cannot_refer_to_another_file_or_server(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    soundfile.write(secret, tone(16_000, 30.0), 16_000)
    path = tmp_path / "list.m4a"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        for url in (f"http://127.0.0.1:{server.getsockname()[1]}/x.wav", f"concat:{secret}"):
            path.write_text(
                f"#EXTM3U\n#EXT-X-TARGETDURATION:30\n#EXTINF:30,\n{url}\n#EXT-X-ENDLIST\n"
            )
            assert "cannot be read as audio" in refusal(path)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("length", [1, 2, 65_535, 65_536, 65_537, 200_000])
def test_reads_every_length_completely(length: int, tmp_path: Path) -> None:
    samples = (np.arange(length) % 1_000 / 1_000).astype(np.float32)
    path = write(tmp_path / "ramp", samples[:, None], 16_000, LOSSLESS[3])
    assert np.array_equal(read_sound(str(path)), samples)


def test_pieces_have_bounded_size(tmp_path: Path) -> None:
    path = write(tmp_path / "long", np.zeros((1_000_000, 2), np.float32), 44_100, LOSSLESS[1])
    sizes = [len(piece) for piece in read_pieces(str(path))]
    assert len(sizes) > 10
    assert max(sizes) <= 65_536


def test_reads_a_name_with_spaces_and_umlauts(tmp_path: Path) -> None:
    path = tmp_path / "Übung, 1. März.wav"
    soundfile.write(path, tone(16_000, 0.1), 16_000)
    assert len(read_sound(str(path))) == 1_600


@pytest.mark.parametrize("share", [0.9, 0.6, 0.3])
@pytest.mark.parametrize("kind", [*LOSSLESS, LOSSY[2], M4A], ids="-".join)
def test_reads_the_rest_of_a_truncated_file_with_a_warning(
    share: float, kind: Format, noise: Samples, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # With noise, every second has the same number of bytes.
    samples = np.resize(noise[-64_000:], 10 * 44_100)[:, None]
    path = write(tmp_path / "cut", samples, 44_100, kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    seconds = len(read_sound(str(path))) / 16_000
    assert seconds == pytest.approx(10 * share, abs=0.4)
    (warning,) = warnings_of(caplog)
    assert warning == f"{path}: truncated; the {seconds:.1f} s that can be decoded are used"


@pytest.mark.parametrize("kind", LOSSY[:2], ids="-".join)
def test_reads_complete_pages_of_a_truncated_ogg_with_a_warning(
    kind: Format, noise: Samples, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "cut", np.resize(noise, 480_000)[:, None], 48_000, kind)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    seconds = len(read_sound(str(path))) / 16_000
    assert 3.0 < seconds < 6.0
    assert len(warnings_of(caplog)) == 1
    assert "truncated" in warnings_of(caplog)[0]


def test_reads_a_damaged_flac_up_to_the_damage(
    noise: Samples, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "damaged", np.resize(noise, 160_000)[:, None], 16_000, LOSSLESS[6])
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    assert 4.0 < len(read_sound(str(path))) / 16_000 < 10.1
    assert len(warnings_of(caplog)) == 1


def test_decoder_of_a_damaged_mp3_prints_nothing(
    noise: Samples, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "damaged", np.resize(noise, 160_000)[:, None], 16_000, LOSSY[2])
    content = bytearray(path.read_bytes())
    for start in range(2_000, len(content), 1_000):
        content[start : start + 50] = bytes(50)
    path.write_bytes(content)
    assert len(read_sound(str(path))) > 16_000
    assert capfd.readouterr() == ("", "")


def test_reads_an_m4a_with_a_title_that_is_not_utf_8(tmp_path: Path) -> None:
    path = write(tmp_path / "old", tone(16_000, 1.0), 16_000, M4A)
    content = path.read_bytes()
    assert content.count(b"SoundHandler") == 1
    path.write_bytes(content.replace(b"SoundHandler", "Müller & Töne".encode("latin-1")[:12]))
    assert len(read_sound(str(path))) >= 16_000


def test_rejects_an_m4a_without_its_index(noise: Samples, tmp_path: Path) -> None:
    path = write(tmp_path / "cut", noise[:, None], 16_000, M4A, moov_first=False)
    path.write_bytes(path.read_bytes()[:-2_000])
    assert "cannot be read as audio" in refusal(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -1e11])
@pytest.mark.parametrize("place", [0, 70_000, -1])
def test_rejects_nan_and_infinite_samples(value: float, place: int, tmp_path: Path) -> None:
    samples = np.zeros((100_000, 2), np.float32)
    samples[place, 1] = value
    path = write(tmp_path / "wrong", samples, 44_100, LOSSLESS[3])
    assert "contains NaN or infinite samples; export it again" in refusal(path)


def test_rejects_doubles_beyond_single_precision(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    soundfile.write(path, np.full(100, 1e300), 16_000, subtype="DOUBLE")
    assert "NaN or infinite" in refusal(path)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".m4a", ""])
def test_rejects_an_empty_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"empty{suffix}"
    path.touch()
    assert "the file is empty; record or export it again" in refusal(path)


@pytest.mark.parametrize("kind", [LOSSLESS[1], LOSSLESS[3], LOSSY[0], LOSSY[1]])
def test_rejects_a_header_without_sound(kind: Format, tmp_path: Path) -> None:
    path = write(tmp_path / "header", np.zeros((0, 1), np.float32), 48_000, kind)
    assert path.stat().st_size > 0
    refusal(path)


def test_rejects_a_flac_cut_before_its_first_frame(tmp_path: Path) -> None:
    path = write(tmp_path / "header", tone(16_000, 1.0), 16_000, LOSSLESS[6])
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"\xff\xf8")])
    refusal(path)


def wav_header(channels: int, rate_hz: int, data: bytes) -> bytes:
    """Return a 16-bit WAV file with the given values in its header."""
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, 32_000, max(2, 2 * channels), 16)
    body = (
        b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_reads_a_handwritten_wav_header(tmp_path: Path) -> None:
    path = tmp_path / "by_hand.wav"
    path.write_bytes(wav_header(1, 16_000, struct.pack("<3h", 0, 16_384, -32_768)))
    assert read_sound(str(path)).tolist() == [0.0, 0.5, -1.0]


@pytest.mark.parametrize(
    ("channels", "rate_hz"),
    [(0, 16_000), (1, 0), (1, 1), (1, 999), (1, 768_001), (1, 2**31 - 1), (1, 2**32 - 1)],
)
def test_rejects_an_impossible_header(channels: int, rate_hz: int, tmp_path: Path) -> None:
    path = tmp_path / "header.wav"
    path.write_bytes(wav_header(channels, rate_hz, bytes(2_000)))
    refusal(path)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".webm", ""])
def test_rejects_text_under_any_name(
    suffix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_text("This is a letter and no sound.\n" * 40)
    assert "cannot be read as audio" in refusal(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("suffix", [".raw", ".au", ".vox", ".gsm", ".snd"])
def test_rejects_a_file_without_a_header(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_text("This is a letter and no sound.\n" * 40)
    refusal(path)


def test_rejects_a_video_without_sound(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs PyAV to make a video")
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 16
        for _ in range(3):
            image = np.zeros((16, 16, 3), np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        file.mux(stream.encode(None))
    assert "it contains no sound" in refusal(path)


def test_rejects_a_folder(tmp_path: Path) -> None:
    assert "is a folder; name the audio files in it" in refusal(tmp_path)


def test_rejects_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "absent.flac")


def test_error_for_m4a_without_pyav_names_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(b"\0\0\0\x20ftypM4A ")
    monkeypatch.setitem(sys.modules, "av", None)
    message = refusal(path)
    assert "MP4 files need PyAV (the extra media); " in message
    assert "-m pip install av, or convert it" in message


SUFFIXES = [f".{kind}" for kind in (
    "wav", "flac", "ogg", "opus", "mp3", "m4a", "aac", "mp4", "webm", "aiff", "au", "caf", "w64",
    "voc", "mat", "raw", "txt", "wma",
)]  # fmt: skip
MAGIC = [
    b"",
    b"RIFF\xff\xff\xff\xffWAVEfmt ",
    b"fLaC\0\0\0\x22",
    b"OggS\0\2",
    b"ID3\3\0",
    b"FORM",
    b"\0\0\0\x20ftypM4A ",
    b"\xff\xfb\x90\x64",
    b"\x1aE\xdf\xa3",
    b".snd\0\0\0\x18",
    b"caff",
]


def assert_is_sound_or_refused(path: Path) -> None:
    """Check that reading gives finite samples or an InputError that names the file."""
    try:
        heard: Samples | str = read_sound(str(path))
    except InputError as error:
        heard = str(error)
    if isinstance(heard, str):
        assert str(path) in heard
    else:
        assert np.isfinite(heard).all()


@settings(max_examples=150)
@given(suffix=st.sampled_from(SUFFIXES), magic=st.sampled_from(MAGIC), rest=st.binary(max_size=400))
def test_random_bytes_give_sound_or_an_input_error(
    suffix: str, magic: bytes, rest: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"random{suffix}"
    path.write_bytes(magic + rest)
    assert_is_sound_or_refused(path)


@settings(max_examples=100)
@given(position=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), data=st.data())
def test_damaged_byte_gives_sound_or_an_input_error(
    position: float, byte: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kind = data.draw(st.sampled_from([LOSSLESS[1], LOSSLESS[6], *LOSSY, M4A]))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path = write(path, tone(48_000, 0.1), 48_000, kind)
    content = bytearray(path.read_bytes())
    content[int(position * min(len(content), 600))] = byte
    path.write_bytes(content)
    assert_is_sound_or_refused(path)


@pytest.fixture
def standard_input(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Sequence[bytes]], None]]:
    """Return a function that replaces standard input by a pipe with the given pieces."""
    with ExitStack() as stack:

        def put(pieces: Sequence[bytes]) -> None:
            reading, writing = os.pipe()

            def feed() -> None:
                # If a test has failed, the pipe is not read to its end.
                with suppress(BrokenPipeError), os.fdopen(writing, "wb", buffering=0) as pipe:
                    for piece in pieces:
                        pipe.write(piece)

            feeder = threading.Thread(target=feed)
            feeder.start()
            stack.callback(feeder.join)
            stdin = stack.enter_context(io.TextIOWrapper(os.fdopen(reading, "rb")))
            monkeypatch.setattr(sys, "stdin", stdin)

        yield put


def as_s16le(samples: NDArray[np.float32]) -> bytes:
    return (samples * 32_768).astype("<i2").tobytes()


@pytest.mark.parametrize("size", [1, 3, 4_097, 1_000_000])
def test_reads_raw_sound_from_standard_input_in_any_pieces(
    size: int, standard_input: Callable[[Sequence[bytes]], None]
) -> None:
    samples = (np.arange(-8_000, 8_000) / 8_192).astype(np.float32)
    content = as_s16le(samples)
    standard_input([content[start : start + size] for start in range(0, len(content), size)])
    assert np.array_equal(read_sound("-"), samples)


def test_drops_half_a_sample_at_the_end_of_standard_input(
    standard_input: Callable[[Sequence[bytes]], None],
) -> None:
    standard_input([b"\x00\x40\x00\x80\x01"])
    assert read_sound("-").tolist() == [0.5, -1.0]


@pytest.mark.parametrize("content", [b"", b"\x01"])
def test_rejects_standard_input_without_sound(
    content: bytes, standard_input: Callable[[Sequence[bytes]], None]
) -> None:
    standard_input([content])
    assert "it contains no sound" in refusal("-")


def test_rejects_a_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    refusal("-")
