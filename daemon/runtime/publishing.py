"""A temporary node for commands that publish: its topics are cleared at the end."""

from collections.abc import Callable

from daemon.configuration.settings import Settings
from daemon.hearing.shown_scores import ShownScores
from daemon.hub.board import Board
from daemon.hub.messages import Node
from daemon.hub.reporter import Reporter
from daemon.mqtt.connection import Connection
from daemon.mqtt.link import Link
from daemon.mqtt.outbox.outbox import Outbox
from daemon.runtime.wiring import link_to


def publishing(
    settings: Settings,
    node: Node,
    password: str | None,
    wall_at: Callable[[float], float],
    shown: ShownScores,
    *,
    board: Board | None = None,
) -> tuple[Link, Reporter]:
    """Return a link, not opened yet, and a reporter that publishes through it.

    `wall_at` returns the wall time of a moment of the sound; `shown` maps scores; `board` gets the
    messages, None: a new one. When the link closes, it removes the node from the hub and clears its
    topics. Raises InputError if the credentials are unusable.
    """
    board, outbox, connection = board or Board(), Outbox(), Connection(settings.mqtt)
    link = link_to(
        settings, node, board, outbox, connection, password=password, leaves_nothing=True
    )
    reporter = Reporter(node, board.post, outbox, wall_at, shown=shown)
    reporter.announce(discovery=settings.mqtt.discovery)
    return link, reporter
