"""Debian's Firefox, driven through WebDriver BiDi: JSON over a WebSocket, without geckodriver."""

import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import killed_at_last

FIREFOX = shutil.which("firefox-esr")
# No questions, and no tricks against fingerprints with the microphone.
_PREFERENCES = {
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "intl.accept_languages": "en-US",
}
_SECONDS = 30.0


class Firefox:
    """One tab of a running browser."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self.faults: list[str] = []
        """Errors of pages, as its console has them."""
        self._send("session.new", capabilities={})
        self._send("session.subscribe", events=["log.entryAdded"])
        self._tab: str = self._send("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, url: str) -> None:
        """Open a page, and wait until it is loaded."""
        self._send("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, evaluated as after a click of the user."""
        target = {"context": self._tab}
        options = {"awaitPromise": True, "userActivation": True}
        found = self._send("script.evaluate", expression=expression, target=target, **options)
        assert found["type"] == "success", found
        return found["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + _SECONDS
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < deadline, (
                expression,
                self.evaluate("document.body.innerText"),
            )
            time.sleep(0.1)

    def choose(self, selector: str, file: Path) -> None:
        """Choose a file in a field."""
        locator = {"type": "css", "value": selector}
        (field,) = self._send("browsingContext.locateNodes", context=self._tab, locator=locator)[
            "nodes"
        ]
        element = {"sharedId": field["sharedId"]}
        self._send("input.setFiles", context=self._tab, element=element, files=[str(file)])

    def _send(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(_SECONDS))
            if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                self.faults.append(message["params"]["text"])
            if message.get("id") == number:
                assert message["type"] == "success", message
                return message["result"]


@contextmanager
def firefox(folder: Path, environment: Mapping[str, str]) -> Iterator[Firefox]:
    """Run the browser with a new profile in a folder; its sound is that of the environment."""
    from websockets.sync.client import connect

    assert FIREFOX is not None
    lines = (f"user_pref({json.dumps(n)}, {json.dumps(v)});" for n, v in _PREFERENCES.items())
    (folder / "user.js").write_text("\n".join(lines))
    log = folder / "log"
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(folder)]
    with log.open("w") as output:
        running = subprocess.Popen(
            [*command, "--remote-debugging-port", "0"],
            env={**environment, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
            stdout=output,
            stderr=output,
        )
    with (
        killed_at_last(running),
        connect(f"{_address(log)}/session", max_size=None) as connection,
    ):
        yield Firefox(connection)


def _address(log: Path) -> str:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text()):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text())
