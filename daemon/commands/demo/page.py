"""The page during the demo, on a free port of this machine."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from daemon.configuration.settings import Settings
from daemon.counters import Counters
from daemon.hearing.pipeline import Observation, Observer
from daemon.hub.board import Board
from daemon.hub.messages import Node
from daemon.place_state import PlaceState
from daemon.runtime.page import method_of
from daemon.runtime.wiring import Recognizer
from daemon.web.health import Health, NodeHealth
from daemon.web.page.page import has_packages, serve_on_free_port
from daemon.web.page.page_place import PagePlace

if TYPE_CHECKING:
    from daemon.web.page.routes import PageParts


class DemoPage(NamedTuple):
    """The page of a demo."""

    address: str | None
    """Its address; None without the packages for it."""
    observers: list[Observer]
    """Get the observations that it shows."""


@contextmanager
def demo_page(
    settings: Settings, recognizer: Recognizer, node: Node, board: Board
) -> Iterator[DemoPage]:
    """Serve the page while the context is open, with the messages of `node` on the board."""
    if not has_packages():
        yield DemoPage(None, [])
        return
    from daemon.web.page.live.live import Live

    place = PagePlace(
        node, recognizer.shown, lambda: _points(recognizer), controls=None, command=_refuse
    )
    live = Live(board, lambda: [place])
    count = _Count()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="timbrel-demo-")))

        def parts() -> "PageParts":
            from daemon.web.page.history.page_history import PageHistory
            from daemon.web.page.routes import PageParts

            contract, method = recognizer.classifier.contract, method_of(settings, recognizer)
            history = PageHistory(folder, lambda _: None)
            return PageParts(live, lambda: _health(node, count), contract, None, method, history)

        address = stack.enter_context(serve_on_free_port(parts))
        yield DemoPage(address, [live.observer(node.name), count])


class _Count:
    """Counts the windows."""

    def __init__(self) -> None:
        self.windows = 0

    def observe(self, _observation: Observation) -> None:
        self.windows += 1


def _health(node: Node, count: _Count) -> Health:
    counters = Counters(windows=count.windows)
    return Health({node.name: NodeHealth(PlaceState.HEARING, None, counters)}, time.monotonic())


def _points(recognizer: Recognizer) -> dict[str, float]:
    pairs = zip(recognizer.families, recognizer.rules, strict=True)
    return {family: round(recognizer.shown.of(family, r.threshold), 3) for family, r in pairs}


def _refuse(_topic: str, _payload: bytes) -> bool:
    return False
