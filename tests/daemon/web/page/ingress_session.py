"""Home Assistant's ingress in a network namespace of its own; prints what happened as JSON.

Run it with `unshare --map-root-user --net`. The page has an address of an app, nginx stands for
Home Assistant and the Supervisor. Arguments: a folder, and the program nginx.
"""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daemon.web.page.access.ingress import PORT, SUPERVISOR
from tests.conftest import killed_at_last
from tests.daemon.web.page.chromium import chromium, opened
from tests.daemon.web.page.parts import Page, served

APP, NEIGHBOUR, HUB_PORT = "172.30.33.5", "172.30.33.9", 8123
BASE = "/api/hassio_ingress/abc"
CONFIGURATION = """
user root; daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location {base}/ {{
            proxy_bind {supervisor};
            proxy_pass http://{app}:{ingress}/;
            proxy_http_version 1.1;
            proxy_set_header Host internal.invalid;
            proxy_set_header X-Ingress-Path {base};
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Host $http_host;
        }}
        location = /panel {{
            default_type text/html;
            return 200 '<iframe src="{base}/" width="900" height="900"></iframe>';
        }}
    }}
}}
"""


def main(folder: Path, nginx: str) -> dict[str, Any]:
    """Return what each client got."""
    for address in (SUPERVISOR, APP, NEIGHBOUR):
        run("ip", "address", "add", f"{address}/23", "dev", "lo")
    run("ip", "link", "set", "lo", "up")
    with served(8324, ingress=True) as page:
        found: dict[str, Any] = {
            "supervisor": answer(SUPERVISOR, APP),
            "neighbour": answer(NEIGHBOUR, APP),
            "own": answer("127.0.0.1", "127.0.0.1"),
            "own path": answer(SUPERVISOR, APP, x_ingress_path=BASE)["base"],
            "wrong paths": [
                answer(SUPERVISOR, APP, x_ingress_path=path)["base"]
                for path in ("//evil.example", "/a\\b", '/"><script>', "evil", "/a//b")
            ],
            "forged": changed(SUPERVISOR, APP, origin="https://evil.example"),
        }
        with home_assistant(folder, nginx):
            found["browser"] = visited(page)
    return found


def answer(source: str, target: str, **headers: str) -> dict[str, Any]:
    """Ask for the page from an address; return the status and some headers."""
    client = http.client.HTTPConnection(target, PORT, 10, source_address=(source, 0))
    try:
        client.request(
            "GET", "/", headers={name.replace("_", "-"): headers[name] for name in headers}
        )
        got = client.getresponse()
        body = got.read().decode()
    except OSError as error:
        return {"error": type(error).__name__}
    finally:
        client.close()
    _, found, rest = body.partition('<base href="')
    frame = got.headers["content-security-policy"].partition("frame-ancestors ")[2]
    base = rest.partition('"')[0] if found else None
    return {"code": got.status, "frame": frame, "base": base, "asks": "password" in body}


def changed(source: str, target: str, **headers: str) -> int:
    """Try to change a setting; return the status."""
    client = http.client.HTTPConnection(target, PORT, 10, source_address=(source, 0))
    client.request("POST", "/api/set", "{}", headers)
    return client.getresponse().status


@contextmanager
def home_assistant(folder: Path, nginx: str) -> Iterator[None]:
    """Run nginx as Home Assistant with its Supervisor."""
    values = {"folder": folder, "port": HUB_PORT, "base": BASE, "supervisor": SUPERVISOR}
    text = CONFIGURATION.format(**values, app=APP, ingress=PORT)
    (folder / "nginx.conf").write_text(text)
    options = ["-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with killed_at_last(subprocess.Popen([nginx, *options])):
        for _ in range(100):
            try:
                http.client.HTTPConnection("127.0.0.1", HUB_PORT, 1).request("GET", "/panel")
                break
            except OSError:
                time.sleep(0.1)
        yield


def visited(page: Page) -> dict[str, Any]:
    """Open the panel in the browser and use the page inside it."""
    with chromium() as browser:
        tab = browser.new_context(locale="en-US").new_page()
        faults: list[str] = []

        def take(message: Any) -> None:
            # The panel itself has no icon.
            if message.type == "error" and "favicon" not in message.location["url"]:
                faults.append(message.text)

        tab.on("console", take)
        tab.goto(f"http://127.0.0.1:{HUB_PORT}/panel")
        frame = tab.frame_locator("iframe")
        frame.get_by_role("link", name="Settings").click()
        frame.get_by_label("Mute").check()
        for _ in range(50):
            if page.commands:
                break
            tab.wait_for_timeout(100)
        frame.get_by_role("link", name="Health").click()
        frame.get_by_text("Everything works.").wait_for()
        log_out = frame.get_by_role("button", name="Log out").count()
        with opened(browser, f"http://127.0.0.1:{HUB_PORT}{BASE}/", "live") as alone:
            heading = alone.get_by_role("heading").first.text_content()
    commands = [(topic, value.decode()) for topic, value in page.commands]
    return {"faults": faults, "commands": commands, "log out": log_out, "heading": heading}


def run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2])))
