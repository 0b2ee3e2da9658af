"""The page during the demo, while the program plays its medley."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")
pytest.importorskip("amqtt", reason="needs the demo extra")

from tests.conftest import ROOT, killed_at_last
from tests.daemon.web.page.parts import Page, Stream


@pytest.fixture
def page() -> Iterator[Page]:
    """A client of the page that the demo has announced."""
    command = [sys.executable, "-m", "daemon", "demo", "--quiet", "--speed", "2"]
    demo = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with killed_at_last(demo):
        assert demo.stdout is not None
        head = "".join(demo.stdout.readline() for _ in range(4))
        found = re.search(r"page +http://127\.0\.0\.1:(\d+)/", head)
        assert found is not None, head
        yield Page(int(found[1]))


def test_page_follows_the_medley(page: Page) -> None:
    stream = Stream(page.port)
    hello = stream.wait_for(lambda m: m["type"] == "hello")
    assert [place["name"] for place in hello["places"]] == ["demo"]
    event = stream.wait_for(lambda m: m["type"] == "event")
    assert event["family"] == "guitar"
    window = stream.wait_for(lambda m: m["type"] == "window")
    assert window["scores"]["guitar"] > 0.5
    stream.wait_for(
        lambda m: m["type"] == "state" and m["leaf"] == "state" and m["value"]["playing"]
    )
    stream.close()


def test_page_has_health_and_an_empty_history_but_no_settings(page: Page) -> None:
    health = page.ask("/api/health").json
    assert health["problems"] == []
    assert health["places"][0]["state"] == "hearing"
    assert page.ask("/healthz").code == 200
    stream = Stream(page.port)
    hello = stream.wait_for(lambda m: m["type"] == "hello")
    assert hello["places"][0]["controls"] == []
    stream.close()
    refused = page.set("mute", "ON", place="demo")
    assert (refused.code, refused.json) == (422, {"error": "no setting can be changed here"})
    year = page.ask("/api/history?place=demo&year=2026")
    assert year.code == 200, year.body
    assert json.loads(year.body)
