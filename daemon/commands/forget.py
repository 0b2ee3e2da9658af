"""`timbrel forget NODE`: remove what a node that is gone left at the broker and in the hub."""

import time

from daemon.commands.watcher import watching
from daemon.discovery import device_id
from daemon.errors import InputError
from daemon.settings import Settings, read_password

_QUIET_SECONDS = 0.5
_LONGEST_SECONDS = 10.0


def forget(settings: Settings, node: str) -> int:
    """Clear the node's retained topics; raises InputError when it runs or nobody knows it."""
    mqtt = settings.mqtt
    kept: dict[str, bytes] = {}
    heard_at = time.monotonic()

    def keep(topic: str, payload: bytes) -> None:
        nonlocal heard_at
        heard_at = time.monotonic()
        if payload:
            kept[topic] = payload
        else:
            kept.pop(topic, None)

    device = f"{mqtt.discovery_prefix}/device/{device_id(node)}/config"
    own = f"{mqtt.topic_prefix}/{node}/"
    with watching(mqtt, read_password(mqtt), keep) as publish:
        began = heard_at = time.monotonic()
        while time.monotonic() - heard_at < _QUIET_SECONDS:
            if time.monotonic() - began > _LONGEST_SECONDS:
                break
            time.sleep(0.05)
        listens_here = node in {place.name for place in settings.places}
        boxes = {node, settings.name} if listens_here else {node}
        if any(kept.get(f"{mqtt.topic_prefix}/{box}/availability") == b"online" for box in boxes):
            raise InputError(f"{node} is online and would be back; stop it first")
        # The device first: a hub that sees its states go before it would call them unknown.
        topics = sorted((t for t in kept if t == device or t.startswith(own)), key=device.__ne__)
        if not topics:
            known = sorted({t.split("/")[-2] for t in kept if t.endswith("/hearing")})
            raise InputError(
                f"the broker knows no node {node}; it knows {', '.join(known) or 'none'}"
            )
        for topic in topics:
            publish(topic, b"", retain=True)
    print(f"{node} is forgotten: {len(topics)} topics cleared")
    return 0
