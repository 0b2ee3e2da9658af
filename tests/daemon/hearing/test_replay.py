"""Compare the windows of real files with slices of the array; none is skipped."""

import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from daemon.hearing.classifier import Classifier, load_classifier
from daemon.hearing.replay import Replay
from daemon.hearing.scorer import Scorer
from daemon.sound.window import WINDOW_SAMPLES, Window
from daemon.system.stop import Stop
from tests.daemon.conftest import Samples, without_dc
from tests.daemon.observations import score_file


def write_wav(folder: Path, samples: Samples) -> str:
    path = folder / "sound.wav"
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    return str(path)


def window_ends(replay: Replay) -> list[float]:
    return [window.ended_at for window in replay.windows()]


@pytest.mark.parametrize("hop_seconds", [0.25, 0.5, 1.0, 1 / 3, 4.0])
def test_windows_equal_slices_of_the_array(
    hop_seconds: float, noise: Samples, tmp_path: Path
) -> None:
    samples = noise[:170_000]
    expected = without_dc(samples)
    count = 0
    for k, window in enumerate(Replay(write_wav(tmp_path, samples), hop_seconds).windows()):
        start = round(k * hop_seconds * 16_000)
        assert window.start_sample == start
        assert np.array_equal(window.samples, expected[start : start + WINDOW_SAMPLES])
        count += 1
    assert count == 1 + int((170_000 / 16_000 - 4) / hop_seconds)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.001, [4.0]),
        (3.9, [4.0]),
        (4.0, [4.0]),
        (4.99, [4.0]),
        (5.0, [4.0, 5.0]),
        (10.5, [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]),
    ],
)
def test_windows_end_at_four_seconds_and_every_hop_within_the_file(
    seconds: float, expected: list[float], noise: Samples, tmp_path: Path
) -> None:
    replay = Replay(write_wav(tmp_path, noise[: round(seconds * 16_000)]), 1.0)
    assert window_ends(replay) == expected
    assert replay.seconds == pytest.approx(seconds, abs=1 / 16_000)


def test_pads_short_file_with_silence(noise: Samples, tmp_path: Path) -> None:
    (window,) = Replay(write_wav(tmp_path, noise[:10_000]), 1.0).windows()
    assert np.array_equal(window.samples[:10_000], without_dc(noise[:10_000]))
    assert not window.samples[10_000:].any()


@pytest.mark.parametrize("rate_hz", [22_050, 48_000])
def test_windows_are_cut_after_resampling(rate_hz: int, tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.full(round(6 * rate_hz), 0.1), rate_hz)
    replay = Replay(str(path), 1.0)
    assert window_ends(replay) == [4.0, 5.0, 6.0]
    assert replay.seconds == pytest.approx(6.0, abs=2 / 16_000)


def test_scores_equal_those_of_slices_of_the_array(
    classifier: Classifier, model: Path, noise: Samples, tmp_path: Path
) -> None:
    path = write_wav(tmp_path, noise)
    samples = without_dc(noise)
    heard = list(score_file(path, classifier, 1.0))
    assert [h.ended_at for h in heard] == [4.0 + k for k in range(9)]
    for k, one in enumerate(heard):
        start = 16_000 * k
        # A new scorer for each window, so that nothing is reused.
        window = Window(samples[start : start + WINDOW_SAMPLES], start)
        expected = Scorer(load_classifier(model), None).hear(window)
        assert one.level_dbfs == expected.level_dbfs
        assert one.scores.tobytes() == expected.scores.tobytes()


def test_second_replay_gives_the_same_bits(
    classifier: Classifier, noise: Samples, tmp_path: Path
) -> None:
    path = write_wav(tmp_path, noise)
    runs = [[h.scores.tobytes() for h in score_file(path, classifier, 0.5)] for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0]) == 17


def test_scores_silence_too(classifier: Classifier, tmp_path: Path) -> None:
    (heard,) = score_file(write_wav(tmp_path, np.zeros(64_000, np.float32)), classifier, 1.0)
    assert heard.level_dbfs == -120.0
    assert np.all(heard.scores > 0)


def test_speed_does_not_change_the_windows(noise: Samples, tmp_path: Path) -> None:
    path = write_wav(tmp_path, noise[:100_000])
    paced = [window.samples.tobytes() for window in Replay(path, 0.5, speed=1_000.0).windows()]
    assert paced == [window.samples.tobytes() for window in Replay(path, 0.5).windows()]


def test_stop_ends_the_wait_for_a_window(noise: Samples, tmp_path: Path) -> None:
    # At this speed the first window is due after more than an hour.
    stop = Stop()
    replay = Replay(write_wav(tmp_path, noise), 1.0, speed=0.001, stop=stop)
    threading.Timer(0.05, stop.set).start()
    assert window_ends(replay) == []


def test_stop_ends_a_replay_at_full_speed(noise: Samples, tmp_path: Path) -> None:
    stop = Stop()
    found = []
    for window in Replay(write_wav(tmp_path, noise), 1.0, stop=stop).windows():
        found.append(window.ended_at)
        if len(found) == 3:
            stop.set()
    assert found == [4.0, 5.0, 6.0]


def test_seconds_grow_with_every_window(noise: Samples, tmp_path: Path) -> None:
    replay = Replay(write_wav(tmp_path, noise), 1.0)
    assert replay.seconds == 0.0
    for window in replay.windows():
        assert replay.seconds >= window.ended_at
    assert replay.seconds == 12.0


def test_raises_input_error_for_file_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "text.wav"
    path.write_text("no sound")
    with pytest.raises(InputError, match=r"text\.wav"):
        window_ends(Replay(str(path), 1.0))
