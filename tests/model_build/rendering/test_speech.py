import shutil
from pathlib import Path

import numpy as np
import pytest

from model_build.rendering.sentences import SENTENCES
from model_build.rendering.speech import VOICES, Voice, random_speech, spoken

needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="needs the Debian package espeak-ng"
)
ALICE = VOICES[1]


def test_error_without_espeak_names_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="apt install espeak-ng"):
        spoken("Hello.", ALICE, words_per_minute=150, pitch=50)


def test_every_voice_has_sentences() -> None:
    for voice in VOICES:
        assert len(SENTENCES[voice.language.partition("-")[0]]) >= 5
    assert len({voice.name for voice in VOICES}) == len(VOICES)


@needs_espeak
def test_faster_speech_is_shorter() -> None:
    slow, fast = (
        spoken("Could somebody lay the table, please?", ALICE, words_per_minute=speed, pitch=50)
        for speed in (110, 220)
    )
    assert len(fast) < 0.7 * len(slow)
    assert 2.0 < len(slow) / 16_000 < 6.0


@needs_espeak
def test_no_two_voices_sound_alike() -> None:
    every = {
        spoken("Hello, who is there?", voice, words_per_minute=160, pitch=50).tobytes()
        for voice in (*VOICES, *(Voice(voice.language, "") for voice in VOICES))
    }
    assert len(every) == len(VOICES) + len({voice.language for voice in VOICES})


@needs_espeak
@pytest.mark.parametrize("voice", VOICES, ids=lambda v: v.name)
def test_random_speech_has_the_requested_length_and_is_repeatable(voice: Voice) -> None:
    one, again = (random_speech(voice, np.random.default_rng(1), 2.0) for _ in range(2))
    assert one.shape == (32_000,)
    assert np.abs(one).max() > 0.05
    np.testing.assert_array_equal(one, again)
