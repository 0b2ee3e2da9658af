"""The page below a path of a real reverse proxy."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")

from daemon.hub.messages import Message
from tests.conftest import free_port, killed_at_last
from tests.daemon.web.page.parts import Answer, Page, Stream, served
from tests.daemon.web.page.test_access import cookie_of, is_answered, password_file

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="needs nginx")
CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location /timbrel/ {{
            proxy_pass http://127.0.0.1:{page}/;
            proxy_set_header Host music.example;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
        }}
    }}
}}
"""


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Page]:
    """Return a client of the proxy, whose page is below /timbrel/."""
    file = password_file(tmp_path)
    with served(free_port(), password_file=file, hosts=["music.example"]) as page:
        client = Page(free_port())
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(folder=tmp_path, port=client.port, page=page.port)
        )
        assert NGINX is not None
        proxy = subprocess.Popen([NGINX, "-p", tmp_path, "-c", configuration, "-e", "stderr"])
        with killed_at_last(proxy):
            deadline = time.monotonic() + 10
            while not is_answered(client.port) and time.monotonic() < deadline:
                time.sleep(0.1)
            client.board = page.board
            client.commands = page.commands
            yield client


def log_in(client: Page) -> Answer:
    return client.ask("/timbrel/login", "POST", "password=correct+horse")


def test_page_and_changes_pass_a_proxy_below_a_path(proxied: Page) -> None:
    assert proxied.ask("/timbrel/").headers["location"] == "login"
    answer = log_in(proxied)
    assert answer.headers["location"] == "./"
    attributes = answer.headers["set-cookie"].lower().split("; ")
    assert "secure" in attributes
    # Without a path, the browser sends the cookie below /timbrel/ only.
    assert not any(attribute.startswith("path=") for attribute in attributes)
    cookie = cookie_of(answer)
    body = proxied.ask("/timbrel/", Cookie=cookie).body
    token = body.partition('name="timbrel-token" content="')[2].partition('"')[0]
    assert proxied.ask("/timbrel/static/app.js").code == 200
    change = json.dumps({"place": "box", "leaf": "mute", "value": "ON"})
    headers = {"Cookie": cookie, "x_timbrel_page": token}
    assert proxied.ask("/timbrel/api/set", "POST", change, **headers).code == 202
    assert proxied.commands == [("timbrel/box/mute/set", b"ON")]
    # Messages come through at once, although the proxy buffers other answers.
    stream = Stream(proxied.port, "/timbrel/api/live", Cookie=cookie)
    assert stream.wait_for(lambda m: m["type"] == "hello")["places"][0]["name"] == "box"
    proxied.board.post(Message("timbrel/box/mute", b"ON"))
    stream.wait_for(lambda m: m["type"] == "state", seconds=5)
    stream.close()


def test_health_is_not_open_through_a_proxy(proxied: Page) -> None:
    assert proxied.ask("/timbrel/healthz").code == 401
    assert proxied.ask("/timbrel/metrics").code == 401
    assert proxied.ask("/timbrel/api/live").code == 401
