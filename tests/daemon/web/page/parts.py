"""A page with one place, served in this process, and a client for it."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from daemon.configuration.settings import TrackerSettings
from daemon.configuration.web_settings import WebSettings
from daemon.counters import Counters
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from daemon.hearing.rules import model_rules, rules
from daemon.hearing.shown_scores import ShownScores
from daemon.hub.board import Board
from daemon.hub.controls import Configured, Controls
from daemon.hub.messages import Node
from daemon.place_state import PlaceState
from daemon.practice.history.records import Deletion
from daemon.practice.notes.built_in import configured_network
from daemon.web.health import Health, NodeHealth
from daemon.web.page.hear.analysis import Method
from daemon.web.page.history.page_history import PageHistory
from daemon.web.page.live.live import Live
from daemon.web.page.page import serve_page
from daemon.web.page.page_place import PagePlace
from daemon.web.page.routes import PageParts

FAMILIES = ("flute", "guitar")
NOWHERE = Path("/nonexistent")


class Answer(NamedTuple):
    code: int
    headers: Mapping[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Page:
    """A served page; it records the commands that it gets."""

    def __init__(
        self,
        port: int,
        directory: Path = NOWHERE,
        names: Sequence[str] = ("box",),
        families: Sequence[str] = FAMILIES,
        models: Sequence[Path] = (),
    ) -> None:
        self.port = port
        self.models = models
        self.directory = directory
        self.delete: Callable[[Deletion], object] = lambda _: None
        self.board = Board()
        self.commands: list[tuple[str, bytes]] = []
        nodes = [Node("box", name, families, "tiny 1", "0") for name in names]
        self.node = nodes[0]
        self._controls = {n.name: Controls(n, Configured(-65.0, 15.0)) for n in nodes}
        self.live = Live(self.board, lambda: places)
        places = [
            PagePlace(
                node,
                ShownScores(),
                lambda: dict.fromkeys(families, 0.5),
                partial(self._controls.__getitem__, node.name),
                self._command,
            )
            for node in nodes
        ]

    def parts(self) -> PageParts:
        contract = read_contract(BUILT_IN_MODEL)
        tracker = TrackerSettings()
        rules_ = rules(tracker, contract.families, contract.thresholds, 1.0)
        shown = ShownScores(contract.families, contract.thresholds)
        load = partial(configured_network, None)
        method = Method(BUILT_IN_MODEL, lambda: rules_, shown, 1.0, -65.0, load, 440.0)
        history = PageHistory(self.directory, self._delete)
        others = {read_contract(m).title: method._replace(model=m) for m in self.models}
        for title, other in others.items():
            known = read_contract(other.model)
            own = partial(model_rules, tracker, known, 1.0)
            shown = ShownScores(known.families, known.thresholds)
            others[title] = other._replace(rules=own, shown=shown)
        return PageParts(self.live, self._health, contract, None, method, history, others)

    def ask(
        self, path: str, method: str = "GET", body: bytes | str | None = None, **headers: str
    ) -> Answer:
        """Send one request; underscores in the names of headers stand for hyphens."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        client.request(method, path, body, named)
        answer = client.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        found = Answer(answer.status, received, answer.read().decode())
        client.close()
        return found

    def token(self, **headers: str) -> str:
        """Return the token that the page repeats in its requests."""
        page = self.ask("/", **headers).body
        return page.partition('name="timbrel-token" content="')[2].partition('"')[0]

    def set(self, leaf: str, value: str, place: str = "box", **headers: str) -> Answer:
        """Set a setting as the page does."""
        body = json.dumps({"place": place, "leaf": leaf, "value": value})
        return self.ask("/api/set", "POST", body, **{"x_timbrel_page": self.token()} | headers)

    def _delete(self, deletion: Deletion) -> None:
        self.delete(deletion)

    def _command(self, topic: str, payload: bytes) -> bool:
        self.commands.append((topic, payload))
        return True

    @staticmethod
    def _health() -> Health:
        nodes = {"box": NodeHealth(PlaceState.HEARING, None, Counters(windows=7))}
        return Health(nodes, time.monotonic(), "connected")


@contextmanager
def served(port: int, **web: Any) -> Iterator[Page]:
    """Serve a page on a loopback port with these settings."""
    with serving(Page(port), **web) as page:
        yield page


@contextmanager
def serving(page: Page, **web: Any) -> Iterator[Page]:
    """Serve a page with these settings."""
    with serve_page(WebSettings(port=page.port, **web), page.parts):
        yield page


class Stream:
    """Reads the live messages of a page."""

    def __init__(self, port: int, path: str = "/api/live", **headers: str) -> None:
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._client.request("GET", path, headers=headers)
        self.answer = self._client.getresponse()
        self.seen: list[Any] = []

    def wait_for(self, is_wanted: Callable[[Any], bool], seconds: float = 30.0) -> Any:
        """Return the first message from now on that is wanted."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            line = self.answer.readline()
            if line.startswith(b"data: "):
                message = json.loads(line[6:])
                self.seen.append(message)
                if is_wanted(message):
                    return message
            assert line, "the stream has ended"
        raise AssertionError(f"only {[m['type'] for m in self.seen]}")

    def close(self) -> None:
        if self._client.sock is not None:
            self._client.sock.shutdown(socket.SHUT_RDWR)
        self.answer.close()
        self._client.close()
