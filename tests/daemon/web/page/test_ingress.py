"""Home Assistant's ingress: its address, its frame, its path, and nobody else's connections."""

import json
import logging
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")
pytest.importorskip("playwright", reason="needs playwright")

from daemon.configuration.settings_file import load
from daemon.configuration.web_password import hash_password
from daemon.configuration.web_settings import WebSettings
from daemon.errors import InputError
from daemon.web.page.access import ingress
from daemon.web.page.access.ingress import base_of
from daemon.web.page.page import page_url
from tests.conftest import ROOT, free_port
from tests.daemon.web.page.chromium import CHROMIUM
from tests.daemon.web.page.parts import served

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
IN_NAMESPACE = ["unshare", "--map-root-user", "--net"]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What happened in a network with the Supervisor's address."""
    if CHROMIUM is None or NGINX is None:
        pytest.skip("needs Debian's chromium and nginx")
    try:
        subprocess.run([*IN_NAMESPACE, "ip", "link"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine allows no network namespace: {error}")
    module = "tests.daemon.web.page.ingress_session"
    command = [
        *IN_NAMESPACE,
        sys.executable,
        "-m",
        module,
        str(tmp_path_factory.mktemp("i")),
        NGINX,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_supervisor_gets_the_page_without_a_password(session: Any) -> None:
    found = session["supervisor"]
    assert found == {"code": 200, "frame": "'self'", "base": None, "asks": False}


def test_every_other_connection_is_closed(session: Any) -> None:
    assert set(session["neighbour"]) == set(session["own"]) == {"error"}


def test_path_in_home_assistant_is_honoured_unless_it_is_a_trick(session: Any) -> None:
    assert session["own path"] == "/api/hassio_ingress/abc/"
    assert session["wrong paths"] == [None] * 5


def test_forged_change_is_refused(session: Any) -> None:
    assert session["forged"] == 403


def test_page_works_inside_the_frame_of_home_assistant(session: Any) -> None:
    found = session["browser"]
    assert found["faults"] == []
    assert found["commands"] == [["timbrel/box/mute/set", "ON"]]
    assert found["log out"] == 0
    assert found["heading"] == "Timbrel: Live"


def test_path_is_never_more_than_a_path() -> None:
    from starlette.datastructures import Headers

    for path in ("", "/", "//a", "/a/../b\\", "/a?b", "/a#b", "/ä", "/a b", "a"):
        assert base_of(Headers({"x-ingress-path": path.encode().decode("latin-1")})) == ""
    assert base_of(Headers({"x-ingress-path": "/a/b_c-1/"})) == "/a/b_c-1/"
    assert base_of(Headers()) == ""


def test_used_ingress_port_leaves_a_warning_and_the_page(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))  # noqa: S104
        other.listen()
        monkeypatch.setattr(ingress, "PORT", other.getsockname()[1])
        with served(free_port(), ingress=True) as page:
            assert page.ask("/").code == 200
    (warning,) = (r.getMessage() for r in caplog.records if r.levelno == logging.WARNING)
    assert warning.startswith("web.ingress: ")
    assert warning.endswith("; the page is not in Home Assistant")


def test_address_is_announced_only_if_others_reach_the_page(tmp_path: Path) -> None:
    password = tmp_path / "web-password"
    password.write_text(hash_password("correct horse").line())
    named: dict[str, Any] = {"password_file": str(password)}
    assert page_url(WebSettings()) is None
    assert page_url(WebSettings(port=8324)) is None
    wide = "0.0.0.0"  # noqa: S104
    assert page_url(WebSettings(port=8324, bind=wide, password_file=str(tmp_path / "no"))) is None
    own = f"http://{socket.gethostname().partition('.')[0]}.local:8324/"
    assert page_url(WebSettings(port=8324, bind=wide, **named)) == own
    at = page_url(WebSettings(port=8324, bind="192.0.2.7", **named))
    assert at == "http://192.0.2.7:8324/"
    at = page_url(WebSettings(port=8324, bind="::", hosts=["music.example"], **named))
    assert at == "http://music.example:8324/"
    ingress_url = "homeassistant://hassio/ingress/local_timbrel"
    assert page_url(WebSettings(ingress=True, url=ingress_url)) == ingress_url


@pytest.mark.parametrize("url", ["music.example", "javascript:alert(1)", "https:// x", "ftp://a"])
def test_address_of_another_kind_is_refused(url: str, tmp_path: Path) -> None:
    (tmp_path / "timbrel.yaml").write_text(f"web: {{url: '{url}'}}\n")
    with pytest.raises(InputError, match=r"web\.url: .*https://music\.example/timbrel/"):
        load(tmp_path / "timbrel.yaml")
