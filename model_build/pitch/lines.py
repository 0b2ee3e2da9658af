"""Made-up lines of one voice, with the times at which a pitch sounds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.rendering.household.noises import SORTS, household_noise

LOWEST_MIDI, HIGHEST_MIDI = 26, 93

_MOST_HARMONICS = 16
_HIGHEST_PARTIAL_HZ = 7_600.0
_INAUDIBLE = 10.0 ** (-35.0 / 20.0)  # of a note's largest amplitude
_RELEASED = 10.0 ** (-20.0 / 20.0)  # of the amplitude at which a note is released
_FASTEST_RELEASE_SECONDS, _SLOWEST_RELEASE_SECONDS = 0.02, 0.15

Samples = NDArray[np.float32]


class Line(NamedTuple):
    """A sound and whether a pitch sounds in each of its samples."""

    samples: Samples
    """Samples (n,) at 16 kHz."""
    is_voiced: NDArray[np.bool_]
    """One value a sample (n,)."""


class _Timbre(NamedTuple):
    """What the notes of a line share."""

    amplitudes: NDArray[np.float32]
    """Of the harmonics (n,), the fundamental first."""
    attack_seconds: float
    decay_seconds: float
    """Time constant of a plucked note; infinity if the note is sustained."""
    release_seconds: float
    vibrato_hz: float
    vibrato_cents: float
    breath: float
    """Amplitude of the noise in the tone, relative to the tone."""


def random_line(rng: np.random.Generator, seconds: float) -> Line:
    """Return a line of notes and rests by a random instrument, without a room."""
    size = round(seconds * SAMPLE_RATE_HZ)
    samples, voiced = np.zeros(size, np.float32), np.zeros(size, bool)
    timbre, midi = _random_timbre(rng), float(rng.uniform(LOWEST_MIDI, HIGHEST_MIDI))
    rest_seconds = float(rng.choice([0.0, 0.1, 0.4]))
    start = round(rng.uniform(0.0, 0.4) * SAMPLE_RATE_HZ)
    while start < size:
        note_seconds = float(np.exp(rng.uniform(np.log(0.12), np.log(1.5))))
        midi = float(np.clip(midi + rng.integers(-7, 8), LOWEST_MIDI, HIGHEST_MIDI))
        sound, audible = _note(rng, timbre, midi, note_seconds)
        end = min(size, start + len(sound))
        samples[start:end] += sound[: end - start]
        voiced[start : min(size, start + audible)] = True
        start += round((note_seconds + rng.exponential(rest_seconds)) * SAMPLE_RATE_HZ)
    return Line(samples, voiced)


def in_a_room(rng: np.random.Generator, line: Line) -> Line:
    """Return the line with the decaying echo of a room and coloured noise.

    The echo is noise that falls by 60 dB in 0.15 to 0.8 s; the noise is 5 to 30 dB below the line.
    """
    size = len(line.samples)
    decay = round(rng.uniform(0.15, 0.8) * SAMPLE_RATE_HZ)
    echo = rng.standard_normal(decay) * 10.0 ** (-3.0 * np.arange(decay) / decay)
    echo *= rng.uniform(0.03, 0.25)
    echo[: round(0.002 * SAMPLE_RATE_HZ)] = 0.0
    echo[0] = 1.0
    points = 1 << (size + decay).bit_length()
    spectrum = np.fft.rfft(line.samples, points) * np.fft.rfft(echo, points)
    sound = np.fft.irfft(spectrum, points)[:size]
    background = coloured(rng, size, exponent=rng.uniform(0.0, 1.5))
    sound += background * sound.std() * 10.0 ** (-rng.uniform(5.0, 30.0) / 20.0)
    return Line(sound.astype(np.float32), line.is_voiced)


def in_a_simulated_room(rng: np.random.Generator, line: Line) -> Line:
    """Return the line across a random room, with household noise 5 to 30 dB below it."""
    response = random_room_response(rng, distance_metres=(0.5, 4.0), rt60_seconds=(0.2, 0.8))
    sort = sorted(SORTS)[rng.integers(len(SORTS))]
    background = household_noise(sort, rng, len(line.samples) / SAMPLE_RATE_HZ)
    heard = room(line.samples, response)
    heard = noise(heard, rng, background=background, snr_db=rng.uniform(5.0, 30.0))
    return Line(heard, line.is_voiced)


def random_noise(rng: np.random.Generator, seconds: float) -> Line:
    """Return noise without a pitch: coloured, steady or in bursts."""
    size = round(seconds * SAMPLE_RATE_HZ)
    sound = coloured(rng, size, exponent=rng.uniform(0.0, 2.0))
    if rng.random() < 0.5:  # noqa: PLR2004 (half of them)
        ticks = np.zeros(size)
        ticks[rng.integers(size, size=max(1, round(seconds * rng.uniform(1.0, 8.0))))] = 1.0
        fall = np.exp(-np.arange(size) / (rng.uniform(0.01, 0.2) * SAMPLE_RATE_HZ))
        points = 2 * size
        bursts = np.fft.irfft(np.fft.rfft(ticks, points) * np.fft.rfft(fall, points), points)
        sound *= (bursts[:size] + 0.02).astype(np.float32)
    return Line(sound, np.zeros(size, bool))


def _random_timbre(rng: np.random.Generator) -> _Timbre:
    number = np.arange(1, _MOST_HARMONICS + 1)
    decibels = -rng.uniform(2.0, 14.0) * np.log2(number) + rng.normal(0.0, 5.0, len(number))
    amplitudes = 10.0 ** (decibels / 20.0)
    if rng.random() < 0.2:  # noqa: PLR2004 (a clarinet's share)
        amplitudes[1::2] *= 0.1
    is_plucked = rng.random() < 0.5  # noqa: PLR2004 (half of them)
    return _Timbre(
        amplitudes=(amplitudes / np.sqrt(np.sum(amplitudes**2))).astype(np.float32),
        attack_seconds=rng.uniform(0.003, 0.01 if is_plucked else 0.1),
        decay_seconds=rng.uniform(0.15, 1.5) if is_plucked else np.inf,
        release_seconds=rng.uniform(_FASTEST_RELEASE_SECONDS, _SLOWEST_RELEASE_SECONDS),
        vibrato_hz=rng.uniform(4.0, 7.0),
        vibrato_cents=0.0 if is_plucked else max(0.0, rng.normal(0.0, 25.0)),
        breath=10.0 ** (-rng.uniform(15.0, 50.0) / 20.0),
    )


def _note(
    rng: np.random.Generator, timbre: _Timbre, midi: float, seconds: float
) -> tuple[Samples, int]:
    """Return the sound (n,) of a note with its release, and in how many samples it has a pitch.

    A released note has a pitch until it has fallen by 20 dB.
    """
    size = round((seconds + 4.0 * timbre.release_seconds) * SAMPLE_RATE_HZ)
    time = np.arange(size, dtype=np.float64) / SAMPLE_RATE_HZ
    cents = timbre.vibrato_cents * np.sin(2.0 * np.pi * timbre.vibrato_hz * time)
    hz = 440.0 * 2.0 ** ((midi - 69.0) / 12.0) * np.exp2(cents / 1200.0)
    turn = np.exp(2j * np.pi * np.cumsum(hz) / SAMPLE_RATE_HZ).astype(np.complex64)
    power, tone = np.ones(size, np.complex64), np.zeros(size, np.float32)
    for number, amplitude in enumerate(timbre.amplitudes, start=1):
        if number * hz.max() >= _HIGHEST_PARTIAL_HZ:
            break
        power *= turn
        tone += amplitude * (power * np.exp(1j * rng.uniform(0.0, 6.3)).astype(np.complex64)).real
    tone += timbre.breath * rng.standard_normal(size).astype(np.float32)
    envelope = np.minimum(1.0, time / timbre.attack_seconds) * np.exp(-time / timbre.decay_seconds)
    envelope *= np.exp(-np.maximum(0.0, time - seconds) / timbre.release_seconds)
    envelope *= 10.0 ** (rng.normal(0.0, 3.0) / 20.0)
    is_audible = envelope > _INAUDIBLE * envelope.max()
    is_audible &= envelope > _RELEASED * envelope[min(size - 1, round(seconds * SAMPLE_RATE_HZ))]
    return (tone * envelope).astype(np.float32), int(np.nonzero(is_audible)[0][-1]) + 1
