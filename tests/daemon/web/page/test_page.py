"""The page of the real daemon, as a process with a real broker, over real HTTP."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")

from tests.conftest import ROOT, Mosquitto, Watcher, free_port, killed_at_last
from tests.daemon.web.page.parts import Page, Stream

Daemon = subprocess.Popen[str]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., tuple[Page, Daemon]]]:
    """Start the daemon on a part of the medley; return a client of its page."""

    def starting(part: tuple[float, float], broker_port: int) -> tuple[Page, Daemon]:
        page = Page(free_port())
        config = tmp_path / "timbrel.yaml"
        config.write_text(
            f"name: box\nmqtt: {{host: 127.0.0.1, port: {broker_port}}}\n"
            f"web: {{port: {page.port}}}\n"
        )
        module = "tests.daemon.web.page.medley_daemon"
        daemon = subprocess.Popen(
            [sys.executable, "-m", module, str(config), *map(str, part)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.enter_context(killed_at_last(daemon))
        deadline = time.monotonic() + 60
        while not is_up(page):
            assert daemon.poll() is None
            assert time.monotonic() < deadline, "the page did not start"
            time.sleep(0.2)
        return page, daemon

    with ExitStack() as running:
        yield starting


def is_up(page: Page) -> bool:
    try:
        return page.ask("/healthz").code in {200, 503}
    except OSError:
        return False


def test_shows_events_as_they_are_published_and_why(
    start: Callable[..., tuple[Page, Daemon]], broker: Mosquitto, watcher: Watcher
) -> None:
    page, daemon = start((48.9, 57.3), broker.port)
    stream = Stream(page.port)
    hello = stream.wait_for(lambda m: m["type"] == "hello")
    (place,) = hello["places"]
    assert place["name"] == "box"
    assert place["points"]["drums"] == 0.5
    watcher.wait_for("timbrel/box/event", lambda m: m.json["family"] == "drums", seconds=40)
    published_at = time.monotonic()
    event = stream.wait_for(lambda m: m["type"] == "event" and m["family"] == "drums")
    assert time.monotonic() - published_at < 5.0
    assert event["scores"]["drums"] > 0.5
    assert len(event["picture"]) > 1_000
    window = stream.wait_for(lambda m: m["type"] == "window")
    assert window["playing"] == ["drums"]
    assert -60 < window["level"] < 0
    # A new browser gets the state of now.
    state = next(
        m["value"] for m in reversed(stream.seen) if m["type"] == "state" and m["leaf"] == "state"
    )
    second = Stream(page.port)
    snapshot = second.wait_for(lambda m: m["type"] == "hello")
    assert snapshot["places"][0]["states"]["state"]["families"].keys() == state["families"].keys()
    assert [e["family"] for e in snapshot["events"]] == ["drums"]
    second.close()
    stream.close()
    # Open streams do not delay the end.
    third = Stream(page.port)
    daemon.send_signal(signal.SIGTERM)
    _, log = daemon.communicate(timeout=15)
    third.close()
    assert daemon.returncode == 0, log
    assert "Traceback" not in log


def test_settings_are_shared_with_the_hub(
    start: Callable[..., tuple[Page, Daemon]], broker: Mosquitto, watcher: Watcher
) -> None:
    page, daemon = start((0.0, 0.0), broker.port)
    stream = Stream(page.port)
    stream.wait_for(lambda m: m["type"] == "hello")
    assert page.set("sensitivity", "70").code == 202
    watcher.wait_for("timbrel/box/sensitivity", lambda m: m.payload == b"70")
    stream.wait_for(lambda m: m["type"] == "state" and (m["leaf"], m["value"]) == SENSITIVITY)
    moved = stream.wait_for(lambda m: m["type"] == "window")
    assert moved["points"]["drums"] < 0.5
    refused = page.set("sensitivity", "700")
    assert (refused.code, refused.json) == (422, {"error": "send a number from 0 to 100"})
    assert page.set("mute", "maybe").json == {"error": "send ON or OFF"}
    assert page.set("name", "x").code == 422
    assert page.set("mute", "ON", place="attic").code == 404
    assert page.set("mute", "ON").code == 202
    watcher.wait_for("timbrel/box/mute", lambda m: m.payload == b"ON")
    muted = stream.wait_for(lambda m: m["type"] == "change" and m["leaf"] == "hearing")
    assert muted["value"]["hearing"] == "muted"
    stream.close()
    watcher._client.publish("timbrel/box/quiet_gate/set", b"-40", 1)
    watcher.wait_for("timbrel/box/quiet_gate", lambda m: m.payload == b"-40")
    daemon.send_signal(signal.SIGTERM)
    _, log = daemon.communicate(timeout=15)
    assert "set on the page: sensitivity 70" in log
    assert "set on the page: mute ON" in log
    assert "set by the hub: quiet_gate -40" in log


def test_history_is_shown_and_deleted_while_the_daemon_runs(
    start: Callable[..., tuple[Page, Daemon]], broker: Mosquitto, watcher: Watcher
) -> None:
    page, daemon = start((48.9, 57.3), broker.port)
    watcher.wait_for("timbrel/box/event", lambda m: m.json["family"] == "drums", seconds=40)
    # The microphone is muted, so that the minutes are final and published at once.
    time.sleep(4.0)
    assert page.set("mute", "ON").code == 202
    watcher.wait_for("timbrel/box/practice", lambda m: m.json["minutes"] > 0.0, seconds=10)
    deadline = time.monotonic() + 20
    while not (shown := page.ask("/api/history?place=box").json)["minutes"]:
        assert time.monotonic() < deadline, "nothing is in the history"
        time.sleep(0.2)
    assert shown["days"][0]["families"].keys() == {"drums"}
    body = '{"place": "box", "what": "everything"}'
    token = {"x_timbrel_page": page.token()}
    assert page.ask("/api/history/delete", "POST", body, **token).code == 204
    assert page.ask("/api/history?place=box").json["days"] == []
    last = watcher.wait_for("timbrel/box/practice", lambda m: m.json["minutes"] == 0.0, seconds=10)
    assert last.json["week_minutes"] == 0.0
    daemon.send_signal(signal.SIGTERM)
    _, log = daemon.communicate(timeout=15)
    assert "deleted on the page from the history of box: everything" in log
    assert "Traceback" not in log


SENSITIVITY = ("sensitivity", 70)


def test_health_is_shown_and_answers_monitoring(
    start: Callable[..., tuple[Page, Daemon]], broker: Mosquitto
) -> None:
    page, _ = start((0.0, 0.0), broker.port)
    deadline = time.monotonic() + 30
    while page.ask("/healthz").code != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert page.ask("/healthz").json["nodes"] == {"box": "hearing"}
    health = page.ask("/api/health").json
    assert health["problems"] == []
    assert health["places"][0]["counters"]["late_windows"] == 0
    assert len(health["model"]["families"]) == 12
    assert health["model"]["sha256"]
    metrics = page.ask("/metrics")
    assert metrics.code in {200, 404}
