"""The page stays small, and what a browser loads is what is in the folder."""

import gzip
import http.client
import re

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")

from daemon.web.page.static_files import static_files
from daemon.web.page.words import languages, words
from tests.conftest import free_port
from tests.daemon.web.page.parts import served

MOST_BYTES, MOST_GZIPPED_BYTES = 150_000, 60_000


@pytest.mark.parametrize("language", sorted(languages()))
def test_everything_that_a_browser_loads_is_small(language: str) -> None:
    others = {f"{other}.json" for other in languages() - {language}}
    files = [file for name, file in static_files().items() if name not in others]
    assert sum(len(file.content) for file in files) <= MOST_BYTES
    assert sum(len(file.gzipped) for file in files) <= MOST_GZIPPED_BYTES


def test_every_text_that_the_page_names_exists() -> None:
    named = set[str]()
    for name, file in static_files().items():
        if name.endswith((".js", ".html")) and name != "uplot.js":
            named |= set(re.findall(r'(?:\btext\(|data-text=)"(\w+)"', file.content.decode()))
    assert len(named) > 80
    assert named <= words("en").keys()


def test_browsers_that_can_get_files_compressed() -> None:
    file = static_files()["app.js"]
    with served(free_port()) as page:
        plain = page.ask("/static/app.js")
        client = http.client.HTTPConnection("127.0.0.1", page.port, timeout=20)
        client.request("GET", "/static/app.js", headers={"accept-encoding": "gzip, br"})
        answer = client.getresponse()
        packed = answer.read()
        client.close()
    assert plain.body.encode() == file.content == gzip.decompress(packed)
    assert "content-encoding" not in plain.headers
    assert answer.headers["content-encoding"] == "gzip"
    assert len(packed) < len(file.content)


def test_library_keeps_its_licence() -> None:
    assert b"Copyright (c) 2022 Leon Sorokin" in static_files()["uplot.js"].content
    assert b"Permission is hereby granted" in static_files()["uplot.js"].content
