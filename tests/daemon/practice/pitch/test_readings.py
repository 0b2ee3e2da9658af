import numpy as np
import pytest

from daemon.practice.pitch.readings import Reading, Readings
from tests.daemon.practice.voices import Samples, hertz, silence, tone


def readings(sound: Samples, reference_hz: float = 440.0) -> list[Reading]:
    source = Readings(reference_hz)
    return source.push(sound) + source.finish()


def test_there_are_ten_readings_a_second() -> None:
    found = readings(silence(2.0))
    assert [round(reading.at, 6) for reading in found] == [k / 10 for k in range(1, 21)]
    assert {reading[1:] for reading in found} == {(None, None, None)}
    assert found[0].note is None


@pytest.mark.parametrize(
    ("midi", "cents", "name"),
    [(28, 3.0, "E1"), (40, -14.0, "E2"), (69, 0.0, "A4"), (73, 30.0, "C#5"), (88, -7.0, "E6")],
)
def test_a_tone_has_its_note_and_cents(midi: int, cents: float, name: str) -> None:
    sound = np.concatenate([silence(0.3), tone(hertz(midi + cents / 100.0), 1.4), silence(0.3)])
    held = [reading for reading in readings(sound) if 0.6 < reading.at < 1.5]
    assert len(held) == 9
    for reading in held:
        assert (reading.note, reading.midi) == (name, midi)
        assert reading.cents == pytest.approx(cents, abs=2.0)


def test_cents_refer_to_the_reference() -> None:
    reading = readings(tone(442.0, 1.0), reference_hz=442.0)[4]
    assert reading.note == "A4"
    assert reading.cents == pytest.approx(0.0, abs=1.0)
    assert reading.hz == pytest.approx(442.0, abs=0.3)
    baroque = readings(tone(440.0, 1.0), reference_hz=415.0)[4]
    assert baroque.note == "A#4"


def test_readings_are_the_same_at_any_block_length() -> None:
    sound = np.concatenate([tone(220.0, 0.7), silence(0.2), tone(330.0, 0.61)])
    whole = readings(sound)
    for length in (333, 1_600, 5_000):
        source = Readings(440.0)
        found = []
        for start in range(0, len(sound), length):
            found += source.push(sound[start : start + length])
        assert found + source.finish() == whole


def test_a_reading_is_late_by_less_than_half_a_second() -> None:
    assert Readings(440.0).push(tone(220.0, 2.0))[-1].at >= 1.5


def test_two_tones_at_once_give_a_pitch_of_one_of_them_or_none() -> None:
    for reading in readings(tone(220.0, 1.0) + tone(329.6, 1.0)):
        if reading.hz is not None:
            off = [1200.0 * abs(np.log2(reading.hz / hz)) for hz in (220.0, 329.6, 110.0)]
            assert min(off) < 30.0
