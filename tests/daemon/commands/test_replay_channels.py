"""`timbrel replay` of stereo files: mixing, and one channel alone."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.conftest import MEDLEY, Timbrel
from tests.daemon.commands.test_replay import parse_lines


@pytest.fixture(scope="module")
def opposite_phase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The medley's guitar and piano in stereo; the right channel has the opposite phase."""
    sound, rate_hz = soundfile.read(MEDLEY, dtype="float32")
    sound = sound[: 16 * rate_hz]
    path: Path = tmp_path_factory.mktemp("stereo") / "opposite_phase.wav"
    soundfile.write(path, np.stack([sound, -sound], axis=1), rate_hz)
    return path


@pytest.fixture(scope="module")
def left_channel(opposite_phase: Path) -> Path:
    """The left channel of that file."""
    sound, rate_hz = soundfile.read(opposite_phase, dtype="float32")
    path = opposite_phase.with_name("left_channel.wav")
    soundfile.write(path, sound[:, 0], rate_hz)
    return path


def events_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Return the events without the names of their files."""
    return [{key: line[key] for key in line if key != "file"} for line in parse_lines(done)]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_channels_in_opposite_phase_are_reported_with_remedy(
    options: list[str], opposite_phase: Path, timbrel: Timbrel
) -> None:
    done = timbrel("replay", *options, opposite_phase)
    assert done.returncode == 0
    assert "guitar" not in done.stdout
    assert done.stderr == (
        f"timbrel: {opposite_phase}: "
        "its channels are in opposite phase for 16.0 s and cancel each other "
        "when they are mixed; select one with replay --channel 1\n"
    )


def test_replays_one_channel_alone(
    opposite_phase: Path, left_channel: Path, tmp_path: Path, timbrel: Timbrel
) -> None:
    expected = events_of(timbrel("replay", "--json", left_channel))
    assert {event["family"] for event in expected} == {"guitar", "keyboard"}
    config = tmp_path / "timbrel.yaml"
    config.write_text("audio: {channel: 1}\n")
    for options in (["--channel", "1"], ["--config", config]):
        done = timbrel("replay", "--json", *options, opposite_phase)
        assert done.stderr == ""
        assert events_of(done) == expected
    # The command line has priority over the configuration.
    other = timbrel("replay", "--json", "--config", config, "--channel", "2", opposite_phase)
    assert [(e["event"], e["family"]) for e in events_of(other)] == [
        (e["event"], e["family"]) for e in expected
    ]


def test_missing_channel_is_reported_and_others_are_mixed(
    left_channel: Path, tmp_path: Path, timbrel: Timbrel
) -> None:
    sound, rate_hz = soundfile.read(left_channel, dtype="float32")
    stereo = tmp_path / "stereo.wav"
    soundfile.write(stereo, np.stack([sound, sound], axis=1), rate_hz)
    expected = events_of(timbrel("replay", "--json", left_channel))
    done = timbrel("replay", "--json", "--channel", "3", left_channel, stereo)
    assert events_of(done) == 2 * expected
    assert done.stderr.splitlines() == [
        f"timbrel: {left_channel}: no channel 3 in a file with one channel; using that channel",
        f"timbrel: {stereo}: no channel 3 in a file with 2 channels; mixing them",
    ]


@pytest.mark.parametrize("channel", ["0", "65", "left", "-1", "1.5"])
def test_rejects_invalid_channel(channel: str, left_channel: Path, timbrel: Timbrel) -> None:
    done = timbrel("replay", f"--channel={channel}", left_channel)
    assert done.returncode == 2
    assert f"invalid channel: '{channel}' (use a number from 1 to 64)" in done.stderr
