"""The ring turns blocks into windows with exact samples, counts losses and reports lost sound."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import SoundLostError
from daemon.sound.ring import Ring, WindowReader
from daemon.sound.window import WINDOW_SAMPLES, Window
from tests.daemon.conftest import Samples, without_dc

PATIENT_SECONDS = 30.0


def feed(ring: Ring, samples: Samples, size: int = 1_600) -> None:
    """Write mono samples in blocks."""
    for start in range(0, len(samples), size):
        ring.write(samples[start : start + size, None])


def windows_of(ring: Ring, hop_seconds: float, stall_seconds: float) -> Iterator[Window]:
    """Yield all windows of a ring, polling whenever there is news."""
    reader = WindowReader(ring, hop_seconds, stall_seconds)
    while True:
        window = reader.poll()
        if window is not None:
            yield window
        with ring.changed:
            if not ring.has_news:
                ring.changed.wait(max(0.0, reader.due - time.monotonic()))


def until_lost(windows: Iterator[Window]) -> list[Window]:
    """Return copies of all windows until the ring reports that its device is gone."""
    found: list[Window] = []
    with pytest.raises(SoundLostError):
        found.extend(window._replace(samples=window.samples.copy()) for window in windows)
    return found


def test_blocks_of_a_tenth_of_a_second_become_windows(noise: Samples) -> None:
    expected = without_dc(noise)
    ring = Ring(16_000, 1)
    windows = windows_of(ring, 1.0, PATIENT_SECONDS)
    written = 0
    for number in range(9):
        end = WINDOW_SAMPLES + 16_000 * number
        feed(ring, noise[written:end])
        written = end
        window = next(windows)
        assert window.ended_at == 4.0 + number
        assert np.array_equal(window.samples, expected[end - WINDOW_SAMPLES : end])
    assert (ring.late_windows, ring.overflows, ring.lost_seconds) == (0, 0, 0.0)


@settings(max_examples=60)
@given(
    hop_seconds=st.sampled_from([0.25, 0.5, 1.0, 1 / 3, 4.0]),
    sizes=st.lists(st.integers(1, 3_000) | st.integers(1, 30_000), min_size=15, max_size=40),
)
def test_samples_are_exact_for_any_block_sizes(
    noise: Samples, hop_seconds: float, sizes: list[int]
) -> None:
    expected = without_dc(noise)
    ring = Ring(16_000, 1)
    windows = windows_of(ring, hop_seconds, PATIENT_SECONDS)
    written = given_out = late = 0
    for size in sizes:
        ring.write(noise[written : written + size, None])
        written = min(len(noise), written + size)
        whole = sum(WINDOW_SAMPLES + round(k * hop_seconds * 16_000) <= written for k in range(200))
        if whole > given_out:
            window = next(windows)
            start = round((whole - 1) * hop_seconds * 16_000)
            assert window.start_sample == start
            assert np.array_equal(window.samples, expected[start : start + WINDOW_SAMPLES])
            late += whole - given_out - 1
            given_out = whole
    assert ring.late_windows == late
    assert ring.overflows == 0


def test_window_stays_intact_if_later_sound_is_already_buffered(noise: Samples) -> None:
    # 8.1 s: the window's buffer wraps just behind the window.
    ring = Ring(16_000, 1)
    windows = windows_of(ring, 4.0, PATIENT_SECONDS)
    feed(ring, noise[:64_000])
    next(windows)
    feed(ring, noise[64_000:129_600])
    window = next(windows)
    assert window.start_sample == 64_000
    assert np.array_equal(window.samples, without_dc(noise)[64_000:128_000])


def test_reads_a_writer_on_another_thread_to_the_last_sample(noise: Samples) -> None:
    expected = without_dc(noise)
    ring = Ring(16_000, 1)
    asked = threading.Semaphore(0)

    def write() -> None:
        written = 0
        for end in range(WINDOW_SAMPLES, len(noise) + 1, 8_000):
            asked.acquire()
            feed(ring, noise[written:end], 160)
            written = end
        asked.acquire()
        ring.lose("that was all")

    writer = threading.Thread(target=write)
    writer.start()
    asked.release()
    ended_at: list[float] = []

    def check(window: Window) -> float:
        start = window.start_sample
        assert np.array_equal(window.samples, expected[start : start + WINDOW_SAMPLES])
        asked.release()
        return window.ended_at

    with pytest.raises(SoundLostError, match="that was all"):
        ended_at.extend(check(window) for window in windows_of(ring, 0.5, PATIENT_SECONDS))
    writer.join()
    assert ended_at == [4.0 + 0.5 * k for k in range(17)]


def test_mixes_two_channels(noise: Samples) -> None:
    ring = Ring(16_000, 2)
    left, right = noise[:WINDOW_SAMPLES], noise[WINDOW_SAMPLES : 2 * WINDOW_SAMPLES]
    ring.write(np.stack([left, right], axis=1))
    window = next(windows_of(ring, 1.0, PATIENT_SECONDS))
    np.testing.assert_allclose(
        window.samples, without_dc((left + right) * np.float32(0.5)), atol=1e-6
    )


def test_opposite_channels_cancel_and_equal_ones_do_not(noise: Samples) -> None:
    for sign, expected in ((-1, 0 * noise), (1, without_dc(noise))):
        ring = Ring(16_000, 2)
        ring.write(np.stack([noise, sign * noise], axis=1)[:WINDOW_SAMPLES])
        window = next(windows_of(ring, 1.0, PATIENT_SECONDS))
        assert np.array_equal(window.samples, expected[:WINDOW_SAMPLES])


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_resampling_keeps_times(rate_hz: int, channels: int) -> None:
    seconds = np.arange(7 * rate_hz) / rate_hz
    sound = (0.5 * np.sin(2 * np.pi * (200 + 100 * seconds) * seconds)).astype(np.float32)
    ring = Ring(rate_hz, channels)
    windows = windows_of(ring, 1.0, PATIENT_SECONDS)
    expected = without_dc(soxr.resample(sound, rate_hz, 16_000))
    blocks = np.repeat(sound[:, None], channels, axis=1)
    ended_at = []
    ring_seconds = iter(np.split(blocks, range(rate_hz // 10, len(blocks), rate_hz // 10)))
    for _ in range(45):
        ring.write(next(ring_seconds))
    for number in range(3):
        window = next(windows)
        ended_at.append(window.ended_at)
        start = window.start_sample
        np.testing.assert_allclose(
            window.samples, expected[start : start + WINDOW_SAMPLES], atol=2e-3
        )
        for _ in range(10 if number < 2 else 0):
            ring.write(next(ring_seconds))
    assert ended_at == [4.0, 5.0, 6.0]
    assert ring.late_windows == 0


def test_late_reader_gets_the_newest_window_and_counts_the_others(
    noise: Samples,
) -> None:
    ring = Ring(16_000, 1)
    feed(ring, noise[:119_000])
    windows = windows_of(ring, 1.0, PATIENT_SECONDS)
    window = next(windows)
    assert window.ended_at == 7.0
    assert np.array_equal(window.samples, without_dc(noise)[48_000:112_000])
    assert ring.late_windows == 3
    feed(ring, noise[119_000:128_000])
    assert next(windows).ended_at == 8.0
    assert ring.late_windows == 3


def test_overflow_is_counted_and_keeps_times(noise: Samples) -> None:
    ring = Ring(16_000, 1)
    feed(ring, noise[:176_000])
    window = next(windows_of(ring, 1.0, PATIENT_SECONDS))
    assert (ring.overflows, ring.lost_seconds) == (1, 3.0)
    assert window.ended_at == 11.0
    kept = np.concatenate([zeros(3.0), noise[48_000:176_000]])
    assert np.array_equal(window.samples, without_dc(kept)[112_000:176_000])
    assert ring.late_windows == 7


def test_overwritten_samples_are_read_as_silence(noise: Samples) -> None:
    ring = Ring(16_000, 1)
    feed(ring, noise[:144_000], 700)
    unread = ring._unread()[:, 0]
    assert len(unread) == 144_000
    assert not unread[:16_000].any()
    assert np.array_equal(unread[16_000:], noise[16_000:144_000])
    assert ring._unread().shape == (0, 1)
    assert (ring.overflows, ring.lost_seconds) == (1, 1.0)


def test_block_longer_than_the_ring_counts_in_full(noise: Samples) -> None:
    ring = Ring(16_000, 1)
    ring.write(noise[:144_000, None])
    (window,) = remaining_windows(ring, windows_of(ring, 4.0, PATIENT_SECONDS))
    assert window.ended_at == 8.0
    kept = np.concatenate([zeros(1.0), noise[16_000:144_000]])
    assert np.array_equal(window.samples, without_dc(kept)[64_000:128_000])
    assert (ring.overflows, ring.lost_seconds) == (1, 1.0)


def remaining_windows(ring: Ring, windows: Iterator[Window]) -> list[Window]:
    """Return all windows of the sound that the ring holds now."""
    ring.lose("no more")
    return until_lost(windows)


def test_ring_copies_each_block(noise: Samples) -> None:
    ring = Ring(16_000, 1)
    block = noise[:WINDOW_SAMPLES, None].copy()
    ring.write(block)
    block[:] = -1.0
    window = next(windows_of(ring, 1.0, PATIENT_SECONDS))
    assert np.array_equal(window.samples, without_dc(noise)[:WINDOW_SAMPLES])


def test_raises_if_no_block_comes_in_time() -> None:
    with pytest.raises(SoundLostError, match="no sound from the device for"):
        next(windows_of(Ring(16_000, 1), 1.0, 0.05))


def test_raises_the_reason_of_a_lost_device() -> None:
    ring = Ring(16_000, 1)
    ring.lose("the device is gone")
    with pytest.raises(SoundLostError, match=r"^the device is gone$"):
        next(windows_of(ring, 1.0, PATIENT_SECONDS))


def test_loss_wakes_a_waiting_reader() -> None:
    ring = Ring(16_000, 1)
    threading.Timer(0.05, ring.lose, ["unplugged"]).start()
    with pytest.raises(SoundLostError, match="unplugged"):
        next(windows_of(ring, 1.0, PATIENT_SECONDS))


def test_yields_windows_completed_before_the_loss(noise: Samples) -> None:
    ring = Ring(16_000, 1)
    feed(ring, noise[:70_000])
    assert [
        w.ended_at for w in remaining_windows(ring, windows_of(ring, 1.0, PATIENT_SECONDS))
    ] == [4.0]


def poll_all(reader: WindowReader, ring: Ring, samples: Samples, size: int = 4_000) -> list[float]:
    """Write in blocks and poll after each; return when the windows ended."""
    ended_at = []
    for start in range(0, len(samples), size):
        ring.write(samples[start : start + size, None])
        if (window := reader.poll()) is not None:
            ended_at.append(window.ended_at)
    return ended_at


def zeros(seconds: float) -> Samples:
    return np.zeros(int(seconds * 16_000), np.float32)


def poll_channels(reader: WindowReader, ring: Ring, blocks: Samples) -> None:
    """Write (n, channels) in quarters of a second and poll after each."""
    for block in np.split(blocks, len(blocks) // 4_000):
        ring.write(block)
        reader.poll()


def test_selects_one_channel(noise: Samples) -> None:
    ring = Ring(16_000, 3)
    reader = WindowReader(ring, 1.0, PATIENT_SECONDS, channel=2)
    three = [noise[k * 1000 : k * 1000 + WINDOW_SAMPLES] for k in range(3)]
    ring.write(np.stack(three, axis=1))
    window = reader.poll()
    assert window is not None
    assert np.array_equal(window.samples, without_dc(three[1]))


def test_detects_sound_before_the_first_window(noise: Samples) -> None:
    ring = Ring(16_000, 1)
    reader = WindowReader(ring, 1.0, PATIENT_SECONDS, stillness_is_loss=True)
    for sound, sounded in ((zeros(1.0), False), (noise[:4_000], True)):
        assert poll_all(reader, ring, sound) == []
        assert reader.sounded == sounded
    assert not ring.has_news


def test_digital_silence_is_a_loss_and_does_not_count_as_sound(noise: Samples) -> None:
    ring = Ring(16_000, 1)
    reader = WindowReader(ring, 1.0, 5.0, stillness_is_loss=True)
    assert poll_all(reader, ring, noise[: 6 * 16_000]) == [4.0, 5.0, 6.0]
    with pytest.raises(SoundLostError, match="only digital silence for 5 s"):
        poll_all(reader, ring, zeros(7.0))
    assert reader.sounded_seconds == 6.0
    assert time.monotonic() - reader.sounded_until >= 5.0


@pytest.mark.parametrize("value", [-1.0, 0.03, 1e-5])
def test_device_stuck_at_one_value_is_lost(value: float, noise: Samples) -> None:
    ring = Ring(16_000, 1)
    reader = WindowReader(ring, 1.0, 5.0, stillness_is_loss=True)
    assert poll_all(reader, ring, noise[: 6 * 16_000]) == [4.0, 5.0, 6.0]
    with pytest.raises(SoundLostError, match=r"^the same value for 5 s instead of sound: "):
        poll_all(reader, ring, zeros(7.0) + np.float32(value))
    assert reader.sounded_seconds == 6.0


@pytest.mark.parametrize("settles_after_seconds", [0.0, 0.1, 0.25, 2.1])
def test_single_step_to_an_offset_is_not_sound(
    settles_after_seconds: float,
) -> None:
    ring = Ring(16_000, 1)
    reader = WindowReader(ring, 1.0, 5.0, stillness_is_loss=True)
    samples = zeros(7.0)
    samples[round(settles_after_seconds * 16_000) :] = 0.03
    with pytest.raises(SoundLostError, match="the same value for 5 s"):
        poll_all(reader, ring, samples)
    assert not reader.sounded


def test_quiet_microphone_with_an_offset_has_sound() -> None:
    # Only the last of 16 bits changes.
    samples = zeros(8.0) + np.float32(0.03)
    samples[::700] += np.float32(1 / 32_768)
    ring = Ring(16_000, 1)
    reader = WindowReader(ring, 1.0, 5.0, stillness_is_loss=True)
    assert poll_all(reader, ring, samples) == [4.0, 5.0, 6.0, 7.0, 8.0]


def test_one_stuck_channel_of_two_is_no_loss(noise: Samples) -> None:
    ring = Ring(16_000, 2)
    reader = WindowReader(ring, 1.0, 5.0, stillness_is_loss=True)
    both = np.stack([zeros(12.0) + np.float32(0.5), noise], axis=1)
    ended_at = []
    for block in np.split(both, 48):
        ring.write(block)
        if (window := reader.poll()) is not None:
            ended_at.append(window.ended_at)
    assert ended_at == [4.0 + k for k in range(9)]


@pytest.mark.parametrize(
    ("value", "what"),
    [(0.0, "only digital silence"), (0.03, "the same value instead of sound")],
)
def test_error_for_silent_selected_channel_names_the_one_with_sound(
    value: float, what: str, noise: Samples
) -> None:
    ring = Ring(16_000, 2)
    reader = WindowReader(ring, 1.0, 5.0, channel=2, stillness_is_loss=True)
    both = np.stack([noise, np.full_like(noise, value)], axis=1)[: 8 * 16_000]
    remedy = "channel 1 gives sound: set channel: 1, or null to mix all channels"
    with pytest.raises(SoundLostError, match=f"^channel 2 gives {what}; {remedy}$"):
        poll_channels(reader, ring, both)


def test_silent_selected_channel_among_silent_ones_is_silence() -> None:
    ring = Ring(16_000, 2)
    reader = WindowReader(ring, 1.0, 5.0, channel=2, stillness_is_loss=True)
    both = np.stack([zeros(8.0) + np.float32(0.1), zeros(8.0)], axis=1)
    with pytest.raises(SoundLostError, match="only digital silence for 5 s"):
        poll_channels(reader, ring, both)


def test_short_digital_silence_is_no_loss(noise: Samples) -> None:
    ring = Ring(16_000, 1)
    reader = WindowReader(ring, 1.0, 5.0, stillness_is_loss=True)
    for _ in range(5):
        poll_all(reader, ring, zeros(4.5))
        poll_all(reader, ring, noise[:8_000])
    assert reader.sounded_seconds == 25.0


def test_digital_silence_makes_windows_if_it_is_no_loss() -> None:
    ring = Ring(16_000, 1)
    reader = WindowReader(ring, 1.0, 5.0)
    assert poll_all(reader, ring, zeros(8.0)) == [4.0, 5.0, 6.0, 7.0, 8.0]


def test_counts_overflows_of_the_device(noise: Samples) -> None:
    ring = Ring(16_000, 1)
    ring.write(noise[:1_600, None], overflowed=True)
    ring.write(noise[:1_600, None])
    assert ring.overflows == 1


def test_two_rings_can_wake_the_same_loop() -> None:
    changed = threading.Condition()
    one, other = Ring(16_000, 1, changed), Ring(48_000, 2, changed)
    for ring in (one, other):
        woken = threading.Event()

        def wait(woken: threading.Event = woken) -> None:
            with changed:
                changed.wait(PATIENT_SECONDS)
            woken.set()

        threading.Thread(target=wait, daemon=True).start()
        while not woken.is_set():
            ring.write(np.ones((1_600, 1 if ring is one else 2), np.float32))
            woken.wait(0.01)
    assert one.has_news
    assert other.has_news
