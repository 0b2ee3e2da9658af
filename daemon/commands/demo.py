"""`timbrel demo`: the daemon's own loop on a bundled medley, and what a hub receives of it."""

import logging
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.commands.embedded_broker import embedded_broker
from daemon.commands.replay import Publication, play
from daemon.commands.watcher import watching
from daemon.commands.wiring import Ears, device_of, link_to, node_of, place_of
from daemon.display import Paint, Screen, clock
from daemon.errors import FailedError
from daemon.hearing import Hearing
from daemon.hub import Hub
from daemon.listener import Listener
from daemon.outbox import Outbox
from daemon.portaudio import PortAudio
from daemon.replay import Replay
from daemon.settings import MqttSettings, Settings, read_password
from daemon.stop import Stop, stop_on_signals
from daemon.tracker import Event, EventEnded

_FOLDER = Path(__file__).parents[1] / "demo"
MEDLEY = _FOLDER / "medley.opus"
_NODE = "demo"
_CONNECT_SECONDS = 10.0
_FLUSH_SECONDS = 5.0
_GOODBYE_SECONDS = 2.0
_MOST_SHOWN = 200
_FAMILY = "family"


class Passage(msgspec.Struct, frozen=True):
    """A part of the medley: a family, or speech, noise or silence, and when it sounds."""

    what: str
    kind: str
    start_seconds: float
    end_seconds: float
    instrument: str = ""


class _Truth(msgspec.Struct, frozen=True):
    passages: list[Passage]


class Verdict(NamedTuple):
    """What was heard for half a passage or more: its family and no `others` is right."""

    passage: Passage
    right: bool
    others: list[str]


def demo(settings: Settings, *, own_broker: bool, microphone: bool, speed: float | None) -> int:
    """Play the medley, or listen, until its end or Ctrl-C; every message is shown as received.

    Raises InputError or FailedError when there is no broker to show.
    """
    logging.getLogger().setLevel(logging.WARNING)
    ears = Ears(settings)
    screen = _DemoScreen(ears.families)
    with stop_on_signals() as stop, ExitStack() as stack:
        if own_broker:
            settings = _at_own_broker(settings, stack)
        screen.say(f"broker     {settings.mqtt.host}:{settings.mqtt.effective_port}")
        screen.say(f"model      {ears.classifier.contract.title}: {', '.join(ears.families)}")
        publication = Publication()
        hub = _connected(settings, ears, screen, publication, stack, live=microphone)
        if microphone:
            screen.say("listening  to the microphone; Ctrl-C ends")
            _listen(settings, ears, hub, screen, stop)
        else:
            screen.say(f"playing    {MEDLEY.name}; Ctrl-C ends")
            player = Replay(str(MEDLEY), ears.hop_seconds, speed=speed, stop=stop)
            hearing = Hearing(ears.classifier, settings.audio.gate_dbfs)
            play(player, ears, hearing, screen, publication)
    if not microphone and not stop.is_set():
        screen.show_verdicts(judge(passages(), screen.ended))
    return 0


def _listen(settings: Settings, ears: Ears, hub: Hub, screen: "_DemoScreen", stop: Stop) -> None:
    """Hear the first of the places until the request to stop."""
    source, changed = settings.places[0], threading.Condition()
    with PortAudio() as portaudio:
        device = device_of(source, portaudio, changed)
        place = place_of(
            settings,
            source,
            ears=ears,
            hub=hub,
            device=device,
            changed=changed,
            tellers=[screen],
        )
        Listener([place], changed).listen_until(stop)


def _at_own_broker(settings: Settings, stack: ExitStack) -> Settings:
    """The settings with a broker that lives as long as the stack."""
    port = stack.enter_context(embedded_broker())
    mqtt = MqttSettings(host="127.0.0.1", port=port, protocol="3.1.1")
    return msgspec.structs.replace(settings, mqtt=mqtt)


def _connected(
    settings: Settings,
    ears: Ears,
    screen: "_DemoScreen",
    publication: Publication,
    stack: ExitStack,
    *,
    live: bool,
) -> Hub:
    """A hub that publishes for as long as the stack lives, its messages shown on the screen."""
    password = read_password(settings.mqtt)
    stack.enter_context(watching(settings.mqtt, password, screen.show_message))
    # The goodbye is the last message; once it is shown, all are.
    stack.callback(screen.said_goodbye.wait, _GOODBYE_SECONDS)
    node = node_of(settings, ears, _NODE)
    outbox = Outbox()
    link = link_to(settings, node, outbox, lambda: hub.greeting(discovery=settings.mqtt.discovery))
    wall_at = (lambda _: time.time()) if live else publication.wall_at
    hub = publication.hub = Hub(node, link.publish, outbox, wall_at)
    stack.enter_context(link)
    if not link.wait_connected(_CONNECT_SECONDS):
        raise FailedError(link.trouble.reason if link.trouble else "the broker does not answer")
    stack.callback(link.flush, _FLUSH_SECONDS)
    return hub


def passages() -> list[Passage]:
    """What the medley holds, in the order of time."""
    return msgspec.json.decode((_FOLDER / "medley.json").read_bytes(), type=_Truth).passages


def judge(truth: Sequence[Passage], ended: Sequence[EventEnded]) -> list[Verdict]:
    """Compare the events heard with each passage."""
    verdicts = []
    for passage in truth:
        length = passage.end_seconds - passage.start_seconds
        shares = {
            family: sum(_overlap(passage, event) for event in ended if event.family == family)
            for family in sorted({event.family for event in ended})
        }
        heard = [family for family, share in shares.items() if share >= length / 2]
        # Two families may play together: what another passage of the same time holds is no error.
        at_once = {p.what for p in truth if p is not passage and _together(p, passage)}
        others = [family for family in heard if family not in {passage.what, *at_once}]
        right = not others and (passage.what in heard or passage.kind != _FAMILY)
        verdicts.append(Verdict(passage, right, others))
    return verdicts


def _overlap(passage: Passage, event: EventEnded) -> float:
    return max(
        0.0,
        min(passage.end_seconds, event.ended_at) - max(passage.start_seconds, event.onset),
    )


def _together(one: Passage, other: Passage) -> bool:
    return one.start_seconds < other.end_seconds and other.start_seconds < one.end_seconds


class _DemoScreen(Screen):
    """Windows and events, and between them what the broker passes on."""

    def __init__(self, families: Sequence[str]) -> None:
        super().__init__(sys.stdout, families, windows=True)
        self._paint = Paint(sys.stdout)
        self.ended: list[EventEnded] = []
        self.said_goodbye = threading.Event()

    def show_message(self, topic: str, payload: bytes) -> None:
        """One message as a hub receives it, cut where it is long."""
        text = payload.decode()
        if len(text) > _MOST_SHOWN:
            text = f"{text[:_MOST_SHOWN]}… ({len(payload)} bytes)"
        self.say(self._paint(f"{'':8}  → {topic}  {text}", "36"))
        if text == "offline":
            self.said_goodbye.set()

    def show_events(self, events: Sequence[Event]) -> None:
        """One line an event; ended ones are kept for the verdict."""
        self.ended += [event for event in events if isinstance(event, EventEnded)]
        super().show_events(events)

    def show_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """A line a passage, and how many were named right."""
        self.say("\n    from        to  played                                 heard")
        for passage, right, others in verdicts:
            mark = self._paint.green("✓") if right else self._paint.yellow("✗")
            what = f"{passage.what} ({passage.instrument})" if passage.instrument else passage.what
            extra = ", ".join(others) if others else "" if right else "nothing for long enough"
            times = f"{clock(passage.start_seconds):>8}  {clock(passage.end_seconds):>8}"
            self.say(f"{times}  {what:37}  {mark} {extra}")
        families = [v for v in verdicts if v.passage.kind == _FAMILY]
        calm = [v for v in verdicts if v.passage.kind != _FAMILY]
        self.say(
            f"\n{sum(v.right for v in families)} of {len(families)} passages named right, "
            f"{sum(v.right for v in calm)} of {len(calm)} without music left alone"
        )
