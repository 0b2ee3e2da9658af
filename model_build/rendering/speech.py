"""Speech by espeak-ng: random sentences by one of its voices, as mono samples at 16 kHz."""

import shutil
import subprocess
from functools import cache
from io import BytesIO
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.rendering.sentences import SENTENCES

WORDS_PER_MINUTE = (110, 220)
PITCH = (20, 85)  # of 0..99
PAUSE_SECONDS = (0.05, 0.8)


class Voice(NamedTuple):
    """A voice of espeak-ng."""

    language: str
    """Name of the language's file in espeak-ng."""
    variant: str
    """Name of the variant: a speaker."""

    @property
    def name(self) -> str:
        """The voice's name in espeak-ng."""
        return f"{self.language}+{self.variant}"


# Languages are named by their files: with other names, espeak-ng ignores the variant silently.
VOICES = (
    Voice("en", "m1"),
    Voice("en", "f2"),
    Voice("en-gb-scotland", "m4"),
    Voice("en-us", "f4"),
    Voice("en-us", "m7"),
    Voice("en-us", "croak"),
    Voice("en-us", "whisper"),
    Voice("de", "m3"),
    Voice("de", "f1"),
    Voice("fr", "m2"),
    Voice("fr", "f5"),
    Voice("es", "m5"),
    Voice("es", "f3"),
    Voice("it", "m6"),
    Voice("it", "f2"),
    Voice("nl", "m8"),
    Voice("sv", "f4"),
    Voice("pl", "m1"),
    Voice("pt-br", "f3"),
)


def random_speech(voice: Voice, rng: np.random.Generator, seconds: float) -> NDArray[np.float32]:
    """Return random sentences by one voice, (n,), each at a random speed and pitch.

    Raises FileNotFoundError if espeak-ng is missing.
    """
    sentences = SENTENCES[voice.language.partition("-")[0]]
    wanted = round(seconds * SAMPLE_RATE_HZ)
    parts: list[NDArray[np.float32]] = []
    while sum(map(len, parts)) < 2 * wanted:
        sentence = sentences[rng.integers(len(sentences))]
        words_per_minute, pitch = (
            int(rng.integers(*span, endpoint=True)) for span in (WORDS_PER_MINUTE, PITCH)
        )
        parts.append(spoken(sentence, voice, words_per_minute=words_per_minute, pitch=pitch))
        parts.append(np.zeros(round(rng.uniform(*PAUSE_SECONDS) * SAMPLE_RATE_HZ), np.float32))
    speech = np.concatenate(parts)
    start = int(rng.integers(len(speech) - wanted))
    return speech[start : start + wanted]


def spoken(
    sentence: str, voice: Voice, *, words_per_minute: int, pitch: int
) -> NDArray[np.float32]:
    """Return the sentence, (n,). Raises FileNotFoundError naming the package without espeak-ng."""
    espeak = shutil.which("espeak-ng")
    if espeak is None:
        raise FileNotFoundError("espeak-ng is missing: apt install espeak-ng")
    options = ["-v", voice.name, "-s", str(words_per_minute), "-p", str(pitch), "--stdout"]
    done = subprocess.run(  # noqa: S603 (no shell is involved)
        [espeak, *_repeatable(espeak), *options, sentence], check=True, capture_output=True
    )
    samples, rate_hz = soundfile.read(BytesIO(done.stdout), dtype="float32")
    return np.asarray(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ), np.float32)


@cache
def _repeatable(espeak: str) -> tuple[str, ...]:
    """Return options that make espeak-ng give the same samples in every call.

    Version 1.52 is random without `-D`; older versions are not, and refuse the option.
    """
    options = subprocess.run([espeak, "--help"], check=True, capture_output=True, text=True).stdout  # noqa: S603
    return ("-D",) if "deterministic" in options else ()
