"""A virtual microphone: a private PulseAudio server that PortAudio records from."""

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import soundfile

from tests.cleanup import undone_by


class VirtualMicrophone:
    """A private sound server with null sinks as rooms; PortAudio records what is played there.

    Quiet noise (dither) always plays in a room. Without it a null sink gives exact zeros, like a
    dead device. The room `vmic` exists from the start.
    """

    def __init__(self, folder: Path) -> None:
        # The path of a socket has at most 107 bytes; pytest's folders are too deep for that.
        self._socket = folder / "pulse"
        self._script = folder / "server.pa"
        self._script.write_text(
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self._socket}\n"
        )
        self._dither = folder / "dither.wav"
        rng = np.random.default_rng(1)
        soundfile.write(self._dither, rng.uniform(-1e-4, 1e-4, 600 * 8_000), 8_000)
        names = ["HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"]
        self.environment = {
            **os.environ,
            **dict.fromkeys(names, str(folder)),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_SOURCE": "vmic.monitor",
        }
        self._server: subprocess.Popen[bytes] | None = None
        self._players: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, rate_hz: int = 44_100) -> None:
        """Start the server with `vmic`; kill it if that fails."""
        options = ["--daemonize=no", "--system=false", "--exit-idle-time=-1", "--use-pid-file=no"]
        options += ["--disable-shm=yes", "--realtime=no", "--high-priority=no"]
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "-F", self._script, *options],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with undone_by(self.kill):
            deadline = time.monotonic() + 10
            while self.control("info").returncode != 0:
                assert time.monotonic() < deadline, "the sound server did not start"
                time.sleep(0.05)
            self.plug("vmic", rate_hz)

    def control(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run pactl on this server."""
        command = ["pactl", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, check=False)

    def plug(self, room: str = "vmic", rate_hz: int = 44_100) -> None:
        """Add a room with its dither."""
        sink = ("module-null-sink", f"sink_name={room}", f"rate={rate_hz}")
        assert self.control("load-module", *sink).returncode == 0
        self.stir(room)

    def unplug(self) -> None:
        """Remove all rooms."""
        assert self.control("unload-module", "module-null-sink").returncode == 0
        for room in list(self._players):
            self.still(room)

    def stir(self, room: str = "vmic") -> None:
        """Start the dither of a room."""
        self._players[room] = self.play(self._dither, room)

    def still(self, room: str = "vmic") -> None:
        """Stop the dither of a room, so that it gives exact zeros."""
        player = self._players.pop(room)
        player.kill()
        player.wait()

    def play(self, file: Path, room: str = "vmic") -> subprocess.Popen[bytes]:
        """Play a sound file into a room in real time; return the player's process."""
        return subprocess.Popen(
            ["paplay", "--latency-msec=50", f"--device={room}", file],
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )

    def freeze(self) -> None:
        """Suspend the server with all connections open."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        for room in list(self._players):
            self.still(room)
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
