"""`check --try` with a microphone whose selected channel is silent."""

import threading

import numpy as np
import pytest

from daemon.commands.check.trial import _sound
from daemon.configuration.settings import Settings, SourceSettings
from daemon.errors import SoundLostError
from daemon.sound.ring import Ring
from tests.daemon.conftest import Samples

SECOND_CHANNEL = SourceSettings(name="attic", device="x", channel=2)


def test_silent_channel_is_reported_with_channel_that_has_sound(noise: Samples) -> None:
    changed = threading.Condition()
    ring = Ring(16_000, 2, changed)
    ring.write(np.stack([noise[:16_000], 0 * noise[:16_000]], axis=1))
    with pytest.raises(SoundLostError) as error:
        _sound(ring, SECOND_CHANNEL, Settings(), changed)
    assert str(error.value) == (
        "it is open, but channel 2 gives only digital silence; channel 1 gives sound: "
        "set channel: 1, or null to mix all channels"
    )
