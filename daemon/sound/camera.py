"""The sound of a camera or web radio over RTSP or HTTP, decoded in a child process into a ring."""

import logging
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError, SoundLostError
from daemon.sound.camera_reasons import reason_of
from daemon.sound.decoding.block import Block
from daemon.sound.decoding.child import ChildError, Decoder, DecodingError, Request, pyav_folder
from daemon.sound.mixing import DeviceMix
from daemon.sound.resampler import Resampler
from daemon.sound.ring import Ring
from daemon.sound.rtsp_setups import Setups, other_setup_may_work
from daemon.sound.stream_url import parse_url, redacted_url, tls_options

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 8.0
_SLACK_SECONDS = 5.0
# Longer than FFmpeg's own time-outs, whose errors give a more exact reason.
_GIVE_UP_SECONDS = 20.0
_NEXT_SETUP_SECONDS = 9.0
_TOLERANCE_SECONDS = 0.5
# Allows for a sender's faster clock and for catching up after a delay in the network.
_FASTEST = 1.02
_RATES_HZ = range(4_000, 192_001)
_MEMORY_BYTES = 192 << 20
# FFmpeg 8: earlier versions accept no TLS options for rtsps://.
_RTSPS_LIBAVFORMAT = 62

_OPTIONS = {
    "rtsp_transport": "tcp",
    # Enough to detect the format; a slow stream would take minutes to fill the default of 5 MB.
    "analyzeduration": "1000000",
    "probesize": "65536",
    # A server's playlist or redirect must not make FFmpeg open a local file.
    "protocol_whitelist": "rtsp,rtsps,rtp,http,https,httpproxy,tls,tcp,udp",
}


class Camera:
    """One stream; each `open` starts a new connection with its own thread and child process.

    `changed` is notified when a connection delivers its first sound, fails or ends. `tls_verify`
    and `ca_file` are the settings of these names. The constructor raises InputError if the url or
    TLS settings are invalid, or PyAV is not installed.
    """

    def __init__(
        self,
        url: str,
        changed: threading.Condition,
        *,
        stall_seconds: float = 5.0,
        tls_verify: bool | None = None,
        ca_file: str | None = None,
    ) -> None:
        parts = parse_url(url)
        self.name = redacted_url(parts)
        self._changed = changed
        self._silence_seconds = stall_seconds + _SLACK_SECONDS
        self._connections: dict[Ring, _Connection] = {}
        request = Request(
            url=url,
            options=_OPTIONS | tls_options(parts, tls_verify=tls_verify, ca_file=ca_file),
            memory_bytes=_MEMORY_BYTES,
            timeouts=(_CONNECT_SECONDS, self._silence_seconds),
            host=(parts.hostname or "", parts.port),
            least_libavformat=_RTSPS_LIBAVFORMAT if parts.scheme == "rtsps" and tls_verify else 0,
        )
        self._setups = Setups.of(request)
        if pyav_folder() is None:
            from daemon.system.installation import pip_install

            raise InputError(
                f"the sound of a url needs PyAV, which is missing; {pip_install('av')}"
            )

    def open(self) -> "Future[Ring]":
        """Start connecting; the future raises SoundLostError if no sound can be received.

        Cancelling the future closes the connection.
        """
        connection = _Connection(
            self._setups, self.name, self._changed, self._silence_seconds, self._register
        )
        connection.start()
        return connection.opened

    def close(self, ring: Ring) -> "Future[None]":
        """Close the connection; the future completes when its child process has exited."""
        connection = self._connections.pop(ring, None)
        if connection is not None:
            connection.close()
            return connection.closed
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def _register(self, ring: Ring, connection: "_Connection") -> None:
        self._connections[ring] = connection


class Pace:
    """Throttles a source that delivers faster than real time; all times are seconds."""

    def __init__(self) -> None:
        self._ahead_seconds = 0.0
        self._now = 0.0

    def wait_seconds(self, seconds: float, now: float) -> float:
        """Return how long to hold back the next block, which lasts `seconds`."""
        passed = (now - self._now) * _FASTEST
        self._ahead_seconds = max(0.0, self._ahead_seconds - passed) + seconds
        self._now = now
        return max(0.0, self._ahead_seconds - _TOLERANCE_SECONDS) / _FASTEST


class _Connection:
    """One connection on its own thread, from connecting to the end of the sound."""

    def __init__(
        self,
        setups: Setups,
        name: str,
        changed: threading.Condition,
        silence_seconds: float,
        keep: "Callable[[Ring, _Connection], None]",
    ) -> None:
        self._setups = setups
        self._name = name
        self._changed = changed
        self._silence_seconds = silence_seconds
        self._register = keep
        self._decoder: Decoder | None = None
        self._ring: Ring | None = None
        self._rate_hz = 0
        self._resampler: Resampler | None = None
        self._mix = DeviceMix()
        self._warned_of_cancellation = False
        self._closing = threading.Event()
        self.opened: Future[Ring] = Future()
        self.closed: Future[None] = Future()

    def start(self) -> None:
        """Start the thread; a failure to start it is reported by `opened`."""
        self.opened.add_done_callback(_close_when_cancelled(weakref.ref(self)))
        try:
            threading.Thread(target=self._run, name="camera", daemon=True).start()
        except RuntimeError:
            self._end("no thread can be started")

    def close(self) -> None:
        """Close the connection; killing the child process ends any read in progress."""
        self._closing.set()
        if self._decoder is not None:
            self._decoder.kill()

    def _run(self) -> None:
        try:
            self._receive()
            reason = "it has ended"
        except (SoundLostError, ChildError) as error:
            reason = str(error)
        except DecodingError as error:
            reason = reason_of(
                error,
                self._name.partition(":")[0],
                verifies=any(setup.options.get("tls_verify") == "1" for setup in self._setups),
                heard=self._ring is not None,
            )
        except Exception as error:  # noqa: BLE001
            # Omit the error's text: it may contain the url and so a password.
            reason = f"internal error ({type(error).__name__})"
        self._end(reason)

    def _end(self, reason: str) -> None:
        """Report the end to the ring if it is open, else fail the pending opening."""
        if self._ring is not None:
            self._ring.lose(f"the sound of {self._name} is gone: {reason}")
        elif not self.opened.cancelled() and self.opened.set_running_or_notify_cancel():
            self.opened.set_exception(SoundLostError(f"no sound from {self._name}: {reason}"))
        self.closed.set_result(None)
        self._notify()

    def _receive(self) -> None:
        """Try the setups in turn until one delivers sound; receive it until it ends."""
        give_up_at = time.monotonic() + _GIVE_UP_SECONDS
        *others, last = self._setups
        for setup in others:
            try:
                self._receive_as(setup, _NEXT_SETUP_SECONDS)
            except DecodingError as error:
                if self._ring is not None or not other_setup_may_work(error):
                    raise
            if self._ring is not None or self._closing.is_set():
                return
        self._receive_as(last, max(0.0, give_up_at - time.monotonic()))

    def _receive_as(self, setup: Request, timeout_seconds: float) -> None:
        """Receive until the stream ends; the first sound must come within `timeout_seconds`."""
        pace = Pace()
        with Decoder(setup) as decoder:
            self._decoder = decoder
            # `close` cannot kill a decoder that did not exist yet when it was called.
            while not self._closing.is_set():
                block = decoder.read(timeout_seconds)
                if block is None:
                    return
                seconds = len(block.samples) / block.rate_hz
                if self._closing.wait(pace.wait_seconds(seconds, time.monotonic())):
                    return
                if self._ring is None:
                    self._setups.prefer(setup)
                self._write(block)
                timeout_seconds = self._silence_seconds + _SLACK_SECONDS

    def _write(self, block: Block) -> None:
        if block.rate_hz not in _RATES_HZ:
            raise SoundLostError(f"a sample rate of {block.rate_hz} Hz is not supported")
        if self._resampler is None:
            self._complete_opening(block.rate_hz, block.samples.shape[1])
            self._resampler = Resampler(block.rate_hz)
        if self._ring is None:
            return
        if block.rate_hz != self._rate_hz:
            self._rate_hz = block.rate_hz
            log.info("%s now sends sound at %d Hz", self._name, block.rate_hz)
        mono = self._mono(block)
        self._ring.write(self._resampler.resample(mono, block.rate_hz)[:, None])

    def _mono(self, block: Block) -> NDArray[np.float32]:
        """Return the mix (n,) of the channels, clipped to -1..1, with NaN and infinity as 0."""
        np.nan_to_num(block.samples, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        np.clip(block.samples, -1.0, 1.0, out=block.samples)
        mono = self._mix.mono(block.samples, block.rate_hz)
        if self._mix.cancels and not self._warned_of_cancellation:
            self._warned_of_cancellation = True
            log.warning(
                "the channels of %s are in opposite phase and cancel each other when they are "
                "mixed; choose mono sound in its settings",
                self._name,
            )
        return mono

    def _complete_opening(self, rate_hz: int, channels: int) -> None:
        """Complete the pending opening, unless it was cancelled."""
        ring = Ring(rate_hz, 1, self._changed)
        if not self.opened.set_running_or_notify_cancel():
            return
        self._rate_hz, self._ring = rate_hz, ring
        self._register(ring, self)
        self.opened.set_result(ring)
        log.info("listening to %s at %d Hz, %d channel(s)", self._name, rate_hz, channels)
        self._notify()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _close_when_cancelled(
    connection: "weakref.ref[_Connection]",
) -> Callable[["Future[Ring]"], None]:
    """Return a callback with a weak reference; a strong one would keep the ring alive."""

    def close(opened: "Future[Ring]") -> None:
        one = connection()
        if opened.cancelled() and one is not None:
            one.close()

    return close
