import msgspec
import numpy as np
import pytest

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.practice.live_rhythm import LiveRhythm, TempoSums
from daemon.practice.tempo import find_rhythm
from tests.daemon.conftest import Samples
from tests.daemon.practice.test_tempo import clicks

Frames = np.ndarray


def frames(samples: Samples) -> Frames:
    return LogMel(FrontEnd()).frames(samples)


def faster_in_the_middle() -> Frames:
    """Clicks at 100 for 35 s, then at 108."""
    slow = np.arange(0.5, 35.0, 0.6)
    fast = np.arange(slow[-1] + 60 / 108, 70.0, 60 / 108)
    return frames(clicks([*slow, *fast], 70.5))


def pushed(live: LiveRhythm, heard: Frames, hop: int = 100) -> None:
    for start in range(0, len(heard), hop):
        live.push(heard[start : start + hop])
        if (start // hop) % 10 == 9:
            live.now()


def test_is_the_same_function_as_that_of_files_on_the_last_30_s() -> None:
    heard = faster_in_the_middle()
    live = LiveRhythm()
    pushed(live, heard)
    now, of_file = live.now(), find_rhythm(heard[-3_000:])
    assert now is not None
    assert of_file is not None
    assert now.beats_seconds.tobytes() == of_file.beats_seconds.tobytes()
    assert now.tempo_bpm == pytest.approx(108.0, rel=0.01)


def test_drift_compares_with_the_first_30_s() -> None:
    heard = faster_in_the_middle()
    live = LiveRhythm()
    pushed(live, heard[:5_900])
    assert live.drift(live.now()) is None
    pushed(live, heard[5_900:])
    assert live.drift(live.now()) == pytest.approx(0.08, abs=0.01)
    assert live.drift(None) is None


def test_the_session_has_a_range_of_tempi() -> None:
    live = LiveRhythm()
    pushed(live, faster_in_the_middle())
    assert live.sums.counted == 2
    slowest, fastest = live.sums.tempo_range or (0.0, 0.0)
    assert slowest == pytest.approx(100.0, rel=0.01)
    assert 100.0 <= fastest <= 109.0


def test_a_gap_forgets_frames_and_not_the_session() -> None:
    heard = faster_in_the_middle()
    live = LiveRhythm()
    pushed(live, heard[:3_200])
    live.forget_frames()
    assert live.now() is None
    pushed(live, heard[4_000:])
    assert live.played_seconds == pytest.approx((3_200 + len(heard) - 4_000) / 100)
    assert live.drift(live.now()) == pytest.approx(0.08, abs=0.01)


def test_silence_has_no_rhythm() -> None:
    live = LiveRhythm()
    assert live.now() is None
    pushed(live, frames(np.zeros(64_000, np.float32)))
    assert live.now() is None
    assert live.sums.tempo_range is None
    assert live.sums.tempo_stability is None


def test_the_sums_survive_a_restart() -> None:
    live = LiveRhythm()
    pushed(live, faster_in_the_middle())
    stored = msgspec.json.encode(live.sums)
    assert msgspec.json.decode(stored, type=TempoSums) == live.sums
    assert live.sums.tempo_stability == pytest.approx(0.0, abs=0.05)
