"""`timbrel check`: whether a configuration can work, and what it comes to."""

import threading
from urllib.parse import urlsplit

import msgspec

from daemon.commands.wiring import Ears, device_of
from daemon.portaudio import PortAudio
from daemon.settings import Settings, SourceSettings, read_password
from daemon.state import state_directory


def check(settings: Settings) -> int:
    """Print what the settings come to; raises InputError naming the first key that cannot work."""
    ears = Ears(settings)
    mqtt = settings.mqtt
    if mqtt.tls is not None:
        from daemon.tls import tls_context

        tls_context(mqtt.tls)
    password = "with" if read_password(mqtt) is not None else "without"
    changed, portaudio = threading.Condition(), PortAudio()
    for place in settings.places:
        device_of(place, portaudio, changed)
    print(f"box        {settings.name}")
    for place in settings.places:
        heard = place.device if isinstance(place.url, msgspec.UnsetType) else _camera(place)
        print(f"place      {place.name}: {heard}, a window every {ears.hop_seconds:g} s")
    print(f"model      {ears.classifier.contract.title}")
    print(
        f"broker     {mqtt.host}:{mqtt.effective_port}, {'TLS' if mqtt.tls else 'no TLS'}, "
        f"{password} a password, topics {mqtt.topic_prefix}/{settings.name}/…"
    )
    print(f"state      {state_directory(settings.state.directory)}")
    print("families   family      threshold  votes  within  start after  stop after  cooldown")
    for family, rules in zip(ears.families, ears.rules, strict=True):
        print(
            f"           {family:10}  {rules.threshold:9.2f}  {rules.votes:5}  "
            f"{rules.vote_seconds:4g} s  {rules.start_after_seconds:9g} s  "
            f"{rules.stop_after_seconds:8g} s  {rules.cooldown_seconds:6g} s"
        )
    return 0


def _camera(place: SourceSettings) -> str:
    """The part of its address that holds no password, and whether anybody could pose as it."""
    parts = urlsplit(str(place.url))
    if parts.scheme == "https" or place.tls_verify:
        trust = ", certificate verified"
    elif parts.scheme == "rtsps":
        trust = ", certificate not verified (tls_verify: true does that)"
    else:
        trust = ""
    return f"the camera at {parts.hostname}{trust}"
