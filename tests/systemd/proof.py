"""Prove that the service works with a real systemd; `script/test-systemd` runs this inside one.

Everything is real except for the sound: a sound server without hardware plays the medley. It
prints a line for each proof, and exits with the number of failed ones.
"""

import http.server
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

PASSWORD = "corréct-horse"  # noqa: S105
CONFIG = Path("/etc/timbrel/timbrel.yaml")
PASSWORD_FILE = Path("/etc/timbrel/mqtt-password")
AT_HOME = "/home/pi/timbrel/.venv/bin/timbrel"
BY_HAND = Path("/opt/timbrel/timbrel.service")
MEDLEY = Path("/opt/timbrel/medley.opus")
SOCKET = "/run/vmic/socket"
SOUND = {**os.environ, "PULSE_SERVER": f"unix:{SOCKET}", "HOME": "/run/vmic"}
KINDS = ("started", "ended")
SETTINGS = f"""\
mqtt: {{host: 127.0.0.1, username: timbrel, password_file: {PASSWORD_FILE}}}
audio: {{device: attic}}
"""


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def must(*command: str, **options: Any) -> str:
    done = run(*command, **options)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr or done.stdout}"
    return done.stdout


def service_property(name: str) -> str:
    """Return a property of the service from systemd."""
    return must("systemctl", "show", "--value", "--property", name, "timbrel").strip()


def within(seconds: float, condition: Callable[[], Any], description: str) -> float:
    """Wait until `condition` is true; return how many seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, f"not within {seconds:g} s: {description}"
        time.sleep(0.05)
    return time.monotonic() - began


class Hub:
    """A subscriber of all topics, with the service's own password."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.last: dict[str, bytes] = {}
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.username_pw_set("timbrel", PASSWORD)
        client.on_connect = self._subscribe
        client.on_message = self._store
        client.connect("127.0.0.1")
        client.loop_start()

    def _subscribe(self, client: paho.Client, *_: Any) -> None:
        client.subscribe("timbrel/#", 1)

    def _store(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self.last[message.topic.removeprefix("timbrel/timbrel/")] = bytes(message.payload)
        if message.topic.endswith("/event"):
            self.events.append(json.loads(message.payload))

    def open(self) -> set[str]:
        """Return the ids of events that have started and not ended."""
        ids = {
            kind: {e["event_id"] for e in self.events if e["event_type"] == kind} for kind in KINDS
        }
        return ids["started"] - ids["ended"]


@contextmanager
def music() -> Iterator[None]:
    """Play the medley, which begins with a guitar, within this context."""
    player = subprocess.Popen(["paplay", "--device=vmic", MEDLEY], env=SOUND)
    try:
        yield
    finally:
        player.kill()
        player.wait()


def prepare() -> None:
    """Set up a sound server, a broker with a password, and a configuration for both."""
    Path("/etc/asound.conf").write_text(
        f'pcm.attic {{ type pulse\n server "unix:{SOCKET}"\n device "vmic.monitor" }}\n'
    )
    Path("/opt/timbrel/vmic.pa").write_text(
        f"load-module module-native-protocol-unix auth-anonymous=1 socket={SOCKET}\n"
        "load-module module-null-sink sink_name=vmic\n"
    )
    Path("/etc/systemd/system/vmic.service").write_text(
        "[Service]\nRuntimeDirectory=vmic\nUMask=0000\nEnvironment=HOME=/run/vmic\n"
        "ExecStart=/usr/bin/pulseaudio -n -F /opt/timbrel/vmic.pa --daemonize=no --system=false "
        "--exit-idle-time=-1 --use-pid-file=no --disable-shm=yes --realtime=no\n"
    )
    # An idle null sink gives exact zeros, as a dead device does, so play faint noise.
    Path("/etc/systemd/system/dither.service").write_text(
        "[Unit]\nStartLimitIntervalSec=0\n"
        f"[Service]\nEnvironment=HOME=/run/vmic PULSE_SERVER=unix:{SOCKET}\n"
        "ExecStart=/usr/bin/pacat --playback --raw --volume=3000 --latency-msec=50 --device=vmic "
        "/dev/urandom\nRestart=always\nRestartSec=0.5\n"
    )
    passwords = Path("/etc/mosquitto/passwords")
    must("mosquitto_passwd", "-b", "-c", str(passwords), "timbrel", PASSWORD)
    shutil.chown(passwords, "mosquitto")
    Path("/etc/mosquitto/conf.d/proof.conf").write_text(
        f"listener 1883 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
    )
    CONFIG.parent.mkdir(exist_ok=True)
    configure()
    PASSWORD_FILE.write_text(PASSWORD + "\n")
    PASSWORD_FILE.chmod(0o600)
    Path("/home/pi/diary").write_text("private\n")
    # A sound device belongs to root and the group audio; here a file takes its place.
    device = Path("/opt/timbrel/device")
    device.touch(0o640)
    shutil.chown(device, "root", "audio")
    drop_in = Path("/etc/systemd/system/timbrel.service.d/proof.conf")
    drop_in.parent.mkdir(exist_ok=True)
    drop_in.write_text(f"[Service]\nExecStartPre=/bin/cat {device}\n")
    must("systemctl", "daemon-reload")
    must("systemctl", "restart", "mosquitto", "vmic", "dither")
    within(10, lambda: run("pactl", "info", env=SOUND).returncode == 0, "a sound server")


def configure(extra: str = "", audio: str = "attic") -> None:
    CONFIG.write_text(SETTINGS.replace("attic", audio) + extra)


def install_from_a_home(hub: Hub) -> str:
    """The service works with Timbrel in a home directory that no other user can enter."""
    began = time.monotonic()
    must(AT_HOME, "install-service")
    took = time.monotonic() - began
    assert service_property("ActiveState") == "active"
    assert service_property("StatusText").startswith("hearing"), service_property("StatusText")
    within(5, lambda: hub.last.get("availability") == b"online", "online")
    assert must("systemctl", "is-enabled", "timbrel").strip() == "enabled"
    return f"ready {took:.1f} s after the command; STATUS={service_property('StatusText')}"


def sandbox(_hub: Hub) -> str:
    """The service has its own user, no privileges and no core dumps, and sees only its folder."""
    process = Path("/proc", service_property("MainPID"))
    status = dict(
        line.split(":\t", 1)
        for line in (process / "status").read_text().splitlines()
        if ":\t" in line
    )
    user = int(status["Uid"].split()[0])
    assert 61184 <= user <= 65519, user
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    limits = (process / "limits").read_text()
    assert "Max core file size        0                    0" in limits
    assert int((process / "coredump_filter").read_text(), 16) == 0
    seen = {str(path) for path in (process / "root/home").rglob("*") if len(path.parts) < 9}
    root = f"{process}/root/home/pi"
    assert {f"{root}/timbrel", f"{root}/timbrel/.venv"} <= seen, seen
    assert f"{root}/diary" not in seen
    for name in ("cmdline", "environ"):
        assert PASSWORD.encode() not in (process / name).read_bytes(), name
    audio = must("getent", "group", "audio").split(":")[2]
    assert audio in status["Groups"].split()
    state = Path("/var/lib/private/timbrel")
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (state, *state.iterdir())}
    assert not any(int(mode, 8) & 0o077 for mode in modes.values()), modes
    return f"uid {user}, at most {status['VmHWM'].strip()} of memory; its state: {modes}"


def detects_music(hub: Hub) -> str:
    """Callbacks and inference work inside the sandbox, and events are published."""
    with music():
        took = within(40, hub.open, "an event")
        within(5, lambda: "playing" in service_property("StatusText"), "STATUS names the families")
        status = service_property("StatusText")
    within(40, lambda: not hub.open(), "the end of the event")
    return f"first event {took:.1f} s into the music; STATUS={status}"


def stop_ends_events(hub: Hub) -> str:
    """Stopping the service publishes the end of open events, and then that it is offline."""
    with music():
        within(40, hub.open, "an event")
        began = time.monotonic()
        must("systemctl", "stop", "timbrel")
        took = time.monotonic() - began
    within(2, lambda: not hub.open(), "ended events")
    assert hub.events[-1]["reason"] == "stopped", hub.events[-1]
    within(2, lambda: hub.last["availability"] == b"offline", "offline")
    assert service_property("Result") == "success", service_property("Result")
    must("systemctl", "start", "timbrel")
    return f"stopped in {took:.1f} s"


def watchdog(hub: Hub) -> str:
    """The watchdog kills a daemon that hangs, and a new one starts."""
    restarts, pid = int(service_property("NRestarts")), int(service_property("MainPID"))
    os.kill(pid, signal.SIGSTOP)
    killed = within(60, lambda: service_property("MainPID") != str(pid), "the end of the process")
    within(30, lambda: service_property("ActiveState") == "active", "a new process")
    assert int(service_property("NRestarts")) == restarts + 1
    within(5, lambda: hub.last["availability"] == b"online", "online")
    log = must("journalctl", "--unit", "timbrel")
    assert "Watchdog timeout" in log
    assert "Fatal Python error: Aborted" in log, "the log does not show where it hung"
    return f"killed {killed:.0f} s after it hung, and restarted"


def crash(hub: Hub) -> str:
    """A daemon that crashes is announced as offline by its last will, and restarted."""
    pid = service_property("MainPID")
    os.kill(int(pid), signal.SIGKILL)
    within(5, lambda: hub.last["availability"] == b"offline", "offline")
    took = within(30, lambda: hub.last["availability"] == b"online", "online")
    within(30, lambda: service_property("ActiveState") == "active", "a new process")
    return f"online again after {took:.1f} s"


def reload(hub: Hub) -> str:
    """SIGHUP applies settings without a restart; an invalid file leaves the old ones."""
    pid = service_property("MainPID")
    configure("tracker: {threshold: 0.999999}\n")
    must("systemctl", "reload", "timbrel")
    within(5, lambda: "tracker.threshold applied" in log(), "the threshold in the log")
    with music():
        time.sleep(8)
        assert not hub.open(), "an event at a threshold of almost 1"
        configure("tracker: {votes: 1}\n")
        must("systemctl", "reload", "timbrel")
        took = within(10, hub.open, "an event at the usual thresholds")
        events = hub.open()
        configure("tracker: {thresh: 1}\n")
        must("systemctl", "reload", "timbrel")
        within(5, lambda: "the old settings stay" in log(), "the rejection of an invalid file")
        assert events <= hub.open(), "a reload ended an open event"
    configure()
    must("systemctl", "reload", "timbrel")
    within(5, lambda: log().count("tracker.votes applied") == 2, "the votes in the log")
    within(40, lambda: not hub.open(), "the end of all events")
    assert service_property("ActiveState") == "active"
    assert service_property("MainPID") == pid, "the service was restarted"
    return f"new thresholds in use after {took:.1f} s in the same process"


def changed_password(hub: Hub) -> str:
    """The service warns about an outdated copy of the password, with the remedy."""
    must(AT_HOME, "install-service")
    within(5, lambda: hub.last["availability"] == b"online", "online")
    must("systemctl", "reload", "timbrel")
    within(5, lambda: "settings reloaded: nothing has changed" in log(), "nothing changed")
    PASSWORD_FILE.write_text(PASSWORD)
    must("systemctl", "reload", "timbrel")
    changed = f"{PASSWORD_FILE} has changed, but this service uses a copy from its start"
    within(5, lambda: f"{changed}; run: systemctl restart timbrel" in log(), "a changed file")
    moved = PASSWORD_FILE.with_name("moved")
    PASSWORD_FILE.rename(moved)
    CONFIG.write_text(SETTINGS.replace(str(PASSWORD_FILE), str(moved)))
    other = f"{moved}: this service cannot read it and uses a copy of {PASSWORD_FILE}; run: sudo "
    must("systemctl", "reload", "timbrel")
    within(
        5,
        lambda: (
            f"settings reloaded: restart needed for mqtt.password_file; mqtt.password_file: {other}"
            in log()
        ),
        "a moved file",
    )
    warned = [line for line in must(AT_HOME, "check", str(CONFIG)).splitlines() if "copy" in line]
    assert len(warned) == 1, warned
    must(AT_HOME, "install-service")
    within(5, lambda: hub.last["availability"] == b"online", "online")
    assert "nothing has changed" in reloaded()
    moved.rename(PASSWORD_FILE)
    configure()
    must(AT_HOME, "install-service")
    within(5, lambda: hub.last["availability"] == b"online", "online")
    return "warns after a change, and after a move until it is installed again"


def reloaded() -> str:
    """Reload the service and return its last log lines."""
    since = log(1)
    must("systemctl", "reload", "timbrel")
    within(5, lambda: log(1) != since, "a line in the log")
    return log(3)


def log(lines: int = 20) -> str:
    return must("journalctl", "--unit", "timbrel", "--lines", str(lines))


def deaf(hub: Hub) -> str:
    """Without sound the service starts and reports that it is deaf; it recovers with the sound."""
    must("systemctl", "stop", "vmic")
    within(15, lambda: service_property("StatusText").startswith("deaf"), "STATUS=deaf")
    must("systemctl", "restart", "timbrel")
    status = service_property("StatusText")
    assert status.startswith("deaf"), status
    within(5, lambda: json.loads(hub.last["hearing"])["hearing"] == "deaf", "deaf at the broker")
    must("systemctl", "start", "vmic")
    took = within(
        30, lambda: service_property("StatusText").startswith("hearing"), "STATUS=hearing"
    )
    return f"STATUS={status}; recovers {took:.1f} s after the sound is back"


@contextmanager
def radio() -> Iterator[str]:
    """Serve the medley over HTTP and yield its url."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    handler = partial(Handler, directory=str(MEDLEY.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{MEDLEY.name}"
        server.shutdown()


def decoders() -> set[int]:
    """Return the ids of all processes that decode a stream, with any parent."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"/daemon/sound/decoding/decoder.py" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
    return found


def camera(hub: Hub) -> str:
    """A stream is decoded in a separate process inside the sandbox, restarted if it dies."""
    with radio() as url:
        CONFIG.write_text(
            SETTINGS.partition("audio")[0] + f"sources: [{{name: hall, url: '{url}'}}]\n"
        )
        must(AT_HOME, "install-service")
        assert service_property("TasksMax") == "72", service_property("TasksMax")
        assert service_property("MemoryMax") == str(304 << 20), service_property("MemoryMax")
        took = within(40, hub.open, "an event")
        main = int(service_property("MainPID"))
        (child,) = decoders()
        folder = Path("/proc", str(child))
        status = (folder / "status").read_text()
        assert "Seccomp:\t2\n" in status, status
        assert "Max core file size        0                    0" in (folder / "limits").read_text()
        assert int((folder / "coredump_filter").read_text(), 16) == 0
        assert (folder / "oom_score_adj").read_text() == "1000\n"
        memory = status.partition("VmHWM:")[2].partition("\n")[0].strip()
        os.kill(child, signal.SIGKILL)
        within(5, lambda: service_property("StatusText").startswith("deaf"), "STATUS=deaf")
        again = within(
            20, lambda: service_property("StatusText").startswith("hearing"), "STATUS=hearing"
        )
        assert int(service_property("MainPID")) == main, "the daemon was restarted"
        began = time.monotonic()
        must("systemctl", "stop", "timbrel")
        stopped = time.monotonic() - began
        assert not decoders()
        assert service_property("Result") == "success", service_property("Result")
        must("systemctl", "start", "timbrel")
        within(30, lambda: service_property("StatusText").startswith("hearing"), "STATUS=hearing")
        (child,) = decoders()
        os.kill(int(service_property("MainPID")), signal.SIGKILL)
        within(2, lambda: child not in decoders(), "the end of the decoder")
    configure()
    must(AT_HOME, "install-service")
    assert service_property("TasksMax") == "64", service_property("TasksMax")
    return (
        f"first event {took:.1f} s after the command, decoder at most {memory}; "
        f"recovers {again:.1f} s after it was killed; stopped in {stopped:.1f} s"
    )


def wrong_configuration(_hub: Hub) -> str:
    """A typo in the configuration causes no crash loop."""
    configure("audoi: {}\n")
    assert run("systemctl", "restart", "timbrel").returncode != 0
    time.sleep(8)
    assert service_property("ActiveState") == "failed"
    assert service_property("ExecMainStatus") == "2"
    assert service_property("NRestarts") == "0"
    log = must("journalctl", "--unit", "timbrel", "--lines", "20")
    assert "did you mean audio?" in log
    configure()
    return "failed once, and was not restarted within 8 s"


def update_and_uninstall(hub: Hub) -> str:
    """Installing again updates the service; uninstalling keeps the configuration."""
    must("systemctl", "reset-failed", "timbrel")
    assert must(AT_HOME, "install-service").startswith("updated")
    assert must(AT_HOME, "install-service", "--uninstall").startswith("removed")
    within(5, lambda: hub.last["availability"] == b"offline", "offline")
    assert service_property("LoadState") == "not-found"
    assert CONFIG.exists()
    done = run(AT_HOME, "install-service", "--uninstall")
    assert done.returncode == 2, done
    return done.stderr.strip()


def installed_by_hand(hub: Hub) -> str:
    """The shipped unit runs without a password file, and logs that the broker refuses it."""
    PASSWORD_FILE.unlink()
    CONFIG.write_text("audio: {device: attic}\nmqtt: {host: 127.0.0.1, username: timbrel}\n")
    shutil.copy(BY_HAND, "/etc/systemd/system/timbrel.service")
    must("systemctl", "daemon-reload")
    must("systemctl", "start", "timbrel")
    assert service_property("StatusText").startswith("hearing")
    within(
        10,
        lambda: "Not authorized" in must("journalctl", "--unit", "timbrel", "--since", "-15s"),
        "a refusal in the log",
    )
    PASSWORD_FILE.write_text(PASSWORD)
    must("systemctl", "restart", "timbrel")
    within(5, lambda: hub.last["availability"] == b"online", "online")
    must("systemctl", "stop", "timbrel")
    Path("/etc/systemd/system/timbrel.service").unlink()
    must("systemctl", "daemon-reload")
    return "runs; not authorized without the file, online with it"


def user_service(hub: Hub) -> str:
    """The service of one user works with the user's own manager while nobody is logged in."""
    user = pwd.getpwnam("pi")
    must("loginctl", "enable-linger", "pi")
    bus = f"/run/user/{user.pw_uid}"
    within(20, lambda: Path(bus, "systemd/private").exists(), "the user's manager")
    folder = Path(user.pw_dir, ".config/timbrel")
    as_user = ("runuser", "-u", "pi", "--", "env", f"XDG_RUNTIME_DIR={bus}")
    must(*as_user, "mkdir", "-p", str(folder))
    config = folder / "timbrel.yaml"
    config.write_text(SETTINGS.replace(str(PASSWORD_FILE), str(folder / "mqtt-password")))
    (folder / "mqtt-password").write_text(PASSWORD)
    shutil.chown(folder / "mqtt-password", "pi")
    (folder / "mqtt-password").chmod(0o600)
    must(*as_user, AT_HOME, "install-service", "--user")
    status = must(*as_user, "systemctl", "--user", "show", "--property", "StatusText", "timbrel")
    within(5, lambda: hub.last["availability"] == b"online", "online")
    must(*as_user, AT_HOME, "install-service", "--user", "--uninstall")
    within(5, lambda: hub.last["availability"] == b"offline", "offline")
    return status.strip()


def no_secret(_hub: Hub) -> str:
    """After all other proofs, the journal contains no password."""
    journal = must("journalctl", "--output", "export", "--all")
    assert PASSWORD not in journal
    return f"{len(journal) // 1024} KiB of journal read"


PROOFS = [
    install_from_a_home,
    sandbox,
    detects_music,
    stop_ends_events,
    watchdog,
    crash,
    reload,
    changed_password,
    deaf,
    camera,
    wrong_configuration,
    update_and_uninstall,
    installed_by_hand,
    user_service,
    no_secret,
]


def main() -> int:
    """Run all proofs, even if one fails; return the number of failed ones."""
    failed = 0
    print(must("systemctl", "--version").splitlines()[0], flush=True)
    prepare()
    hub = Hub()
    for proof in PROOFS:
        name = proof.__name__.replace("_", " ")
        try:
            print(f"ok      {name}: {proof(hub)}", flush=True)
        except Exception as error:  # noqa: BLE001
            failed += 1
            print(f"FAILED  {name}: {type(error).__name__}: {error}", flush=True)
            print(run("journalctl", "--unit", "timbrel", "--lines", "15").stdout, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
