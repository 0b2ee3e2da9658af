"""`timbrel forget NODE`: remove an old node, gone or renamed, from broker and hub."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.configuration.service_password import find_password
from daemon.configuration.settings import Settings
from daemon.errors import FailedError, InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.contract.labels import slugs
from daemon.hearing.model_file import read_contract
from daemon.hub.home_assistant.discovery import availability_of
from daemon.hub.messages import availability_topic
from daemon.hub.topics import discovery_topics, retained_topics
from daemon.mqtt.broker_session import BrokerRefusedError, BrokerSession, broker_session
from daemon.mqtt.refusals import is_refusal, named_user, reason_of
from daemon.mqtt.trouble import Trouble, explain

_QUIET_SECONDS = 0.5
_LONGEST_SECONDS = 10.0
_MOST_NAMED = 10
_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
# Stands for the topics in a reason; replaced with "it" or "them".
_THEM = "<them>"
_UNVERIFIED = (
    f"it is unknown whether the broker cleared {_THEM}, because this user may not read {_THEM} and "
    "MQTT 3.1.1 reports no refusals; use MQTT 5, or give the user read access"
)


def forget(settings: Settings, node: str, config: Path | None = None) -> int:
    """Clear the node's retained topics and print the result; return exit code 0.

    `config` is the file that the settings came from. Raises InputError if the node is online, if
    the broker has no topics of it, or if the broker refuses the login. Raises FailedError if the
    broker cannot be reached or a topic is not cleared.
    """
    if not _NAME.match(node):
        raise InputError(f"{node!r} is not a node name: use only letters, digits, _ and -")
    mqtt = settings.mqtt
    client_id = f"{mqtt.client_id or f'timbrel-{settings.name}'}-forget"
    try:
        password = find_password(mqtt, config)
        with broker_session(mqtt, password, client_id) as session:
            print(_NodeRemoval(settings, node, session).run())
    except (InputError, FailedError):
        raise
    except BrokerRefusedError as error:
        raise _error(Trouble(str(error), needs_user=error.needs_user)) from None
    except Exception as error:  # noqa: BLE001 (from a server that is no broker)
        raise _error(explain(error, mqtt)) from None
    return 0


def _error(trouble: Trouble) -> InputError | FailedError:
    return (InputError if trouble.needs_user else FailedError)(trouble.reason)


class _Failure(NamedTuple):
    """A topic that was not cleared."""

    reason: str
    """Why, with `_THEM` in place of the topic."""
    topic: str


class _NodeRemoval:
    """Reads a node's retained topics as far as the broker allows, clears and verifies them."""

    def __init__(self, settings: Settings, node: str, session: BrokerSession) -> None:
        self._settings = settings
        self._mqtt = settings.mqtt
        self._node = node
        self._session = session
        self._own = f"{self._mqtt.topic_prefix}/{node}/"
        self._devices = discovery_topics(self._mqtt.discovery_prefix, node, self._mqtt.topic_prefix)
        self._known = retained_topics(self._mqtt.topic_prefix, node, _slugs(settings))

    def run(self) -> str:
        """Clear the topics; return a sentence with the result. Raises the errors of `forget`."""
        # Some brokers return retained messages only for subscriptions without a wildcard.
        exact = [*self._devices, *self._known]
        self._read([f"{self._mqtt.topic_prefix}/+/hearing", f"{self._own}#", *exact])
        found = dict(self._session.retained)
        self._refuse_online(found)
        foreign = [t for t in self._devices if t in found and not self._is_ours(found[t])]
        own = sorted(topic for topic in found if topic.startswith(self._own))
        # Clear the device first: if its states went first, the hub would show them as unknown.
        devices = [topic for topic in self._devices if topic not in foreign]
        topics = list(dict.fromkeys([*devices, *own, *self._known]))
        codes = {topic: self._session.publish(topic, retain=True) for topic in topics}
        self._session.retained.clear()
        self._read([*topics, f"{self._own}#"])
        if failures := self._failures(codes, [topic for topic in topics if topic in found]):
            raise FailedError(_describe(self._node, failures))
        for topic in foreign:
            print(f"{topic} is kept: its device does not use the topics {self._own}…")
        return self._report(topics, found)

    def _read(self, topics: Sequence[str]) -> None:
        self._session.subscribe(topics)
        self._session.receive(_QUIET_SECONDS, _LONGEST_SECONDS)

    def _refuse_online(self, found: dict[str, bytes]) -> None:
        """Raise InputError if a box that has the node as a place is online."""
        statuses = [availability_topic(self._mqtt.topic_prefix, box) for box in self._boxes(found)]
        self._read(statuses)
        retained = self._session.retained
        own = availability_topic(self._mqtt.topic_prefix, self._node)
        is_retired = retained.get(own) == b"offline"
        if not is_retired and any(retained.get(status) == b"online" for status in statuses):
            raise InputError(
                f"{self._node} is online and would publish its topics again; stop it first"
            )

    def _boxes(self, found: dict[str, bytes]) -> set[str]:
        """Return the boxes that may have the node as a place.

        The node's own availability is not enough: it stays `online` if its box dies.
        """
        announced = [
            found[topic] for topic in self._devices if self._is_ours(found.get(topic, b""))
        ]
        boxes = {box for body in announced for box in _boxes_in(body, self._mqtt.topic_prefix)}
        boxes = boxes - {self._node} or {self._node}
        box = self._settings.name
        if box == self._node:
            return boxes
        is_configured = self._node in {place.name for place in self._settings.places}
        return boxes - {self._node} | {box} if is_configured else boxes - {box}

    def _is_ours(self, announced: bytes) -> bool:
        """Return whether a discovery message refers to topics of this node, with this prefix."""
        return msgspec.json.encode(self._own)[:-1] in announced

    def _failures(self, codes: Mapping[str, int], seen: Sequence[str]) -> list[_Failure]:
        """Return the topics that were not cleared or could not be verified.

        `codes` are the broker's answers by topic; `seen` are the topics that had a message before.
        """
        failures = []
        for topic, code in codes.items():
            if is_refusal(code):
                reason = (
                    f"the broker refuses to clear {_THEM}: {reason_of(code, self._mqtt, _THEM)}"
                )
            elif topic in self._session.retained:
                user = named_user(self._mqtt)
                reason = f"the broker still keeps {_THEM}; give {user} write access to {_THEM}"
            elif not (self._session.has_reason_codes or topic in {*seen, *self._session.returned}):
                reason = _UNVERIFIED
            else:
                continue
            if topic in seen or not self._is_absent(topic, seen):
                failures.append(_Failure(reason, topic))
        return failures

    def _is_absent(self, topic: str, seen: Sequence[str]) -> bool:
        """Return whether a topic without a visible message probably has none."""
        if topic in self._devices:
            return not self._mqtt.discovery
        return any(other.startswith(self._own) for other in seen)

    def _report(self, topics: Sequence[str], found: Mapping[str, bytes]) -> str:
        """Return a sentence about the cleared topics. Raises InputError if there were none."""
        returned = self._session.returned
        cleared = [
            topic
            for topic in topics
            if topic in found or not (topic in returned or self._is_absent(topic, list(found)))
        ]
        if not cleared:
            known = sorted({t.split("/")[-2] for t in found if t.endswith("/hearing")})
            raise InputError(
                f"the broker has no node {self._node}; its nodes: {', '.join(known) or 'none'}"
            )
        text = f"{self._node} is forgotten: {len(cleared)} topics cleared"
        if not any(topic in found for topic in cleared):
            text += (
                f"; {named_user(self._mqtt)} may not read them, so it is unknown whether "
                f"{self._node} is online; if it is, it publishes them again"
            )
        return text


def _slugs(settings: Settings) -> list[str]:
    """Return the slugs of the families for which the node may have had sensitivity topics."""
    models = [BUILT_IN_MODEL]
    models += [Path(settings.model.file)] if settings.model.file is not None else []
    labels = [tuple(settings.mqtt.families)]
    for model in models:
        with suppress(InputError):  # A node can be forgotten without its model.
            labels.append(read_contract(model).families)
    return sorted({slug for some in labels for slug in slugs(some).values()})


def _boxes_in(announced: bytes, topic_prefix: str) -> Iterator[str]:
    """Yield the names of the boxes whose availability topics a discovery message contains."""
    for topic in availability_of(announced):
        prefix, _, rest = topic.rpartition("/availability")[0].rpartition("/")
        if prefix == topic_prefix:
            yield rest


def _describe(node: str, failures: Sequence[_Failure]) -> str:
    """Return one line that groups the topics by the reason why they were not cleared."""
    topics = defaultdict[str, list[str]](list)
    for reason, topic in failures:
        topics[reason].append(topic)
    lines = [
        f"{_list_topics(some)}: {reason.replace(_THEM, 'it' if len(some) == 1 else 'them')}"
        for reason, some in topics.items()
    ]
    return f"{node} is not forgotten: {'; '.join(lines)}"


def _list_topics(topics: Sequence[str]) -> str:
    more = len(topics) - _MOST_NAMED
    return ", ".join(topics[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
