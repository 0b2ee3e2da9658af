"""Sound from real HTTP and RTSP servers, including many kinds of failure."""

import errno
import gc
import http.server
import io
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from daemon.errors import InputError, SoundLostError
from daemon.sound.camera import Camera, Pace, _Connection
from daemon.sound.ring import Ring, WindowReader
from daemon.sound.window import Window
from tests.conftest import ROOT
from tests.daemon.conftest import Samples
from tests.daemon.decoders import decoders, fake_decoder, wait_until
from tests.daemon.made_files import AAC, write
from tests.daemon.mqtt.test_link import make_certificate

av = pytest.importorskip("av", reason="needs PyAV")

PASSWORD = "Zw3tschgenknoedel"  # noqa: S105
RATE_HZ = 22_050

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]
Serve = Callable[[Answer], int]
ServeTls = Callable[..., int]


@pytest.fixture(autouse=True)
def kill_remaining_decoders() -> Iterator[None]:
    """Kill the decoders that a test has left running, so that the next one sees only its own."""
    yield
    for child in decoders():
        os.kill(child, signal.SIGKILL)
    wait_until(lambda: decoders() == [])


def tone(seconds: float, rate_hz: int = RATE_HZ) -> Samples:
    """Return a sine of 1 kHz at half of full scale."""
    time_seconds = np.arange(round(seconds * rate_hz)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * 1_000 * time_seconds)).astype(np.float32)


def encode(seconds: float, container: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tone(seconds), RATE_HZ, format=container, subtype=subtype)
    return file.getvalue()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that starts an HTTP server with an answer and returns its port."""
    servers = []

    def start(answer: Answer, context: ssl.SSLContext | None = None) -> int:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                try:
                    answer(self)
                except OSError:
                    return

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server.server_port

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send_sound(
    request: http.server.BaseHTTPRequestHandler,
    content: bytes,
    kind: str = "audio/wav",
    length: int | None = None,
) -> None:
    request.send_response(200)
    request.send_header("Content-Type", kind)
    if length is not None:
        request.send_header("Content-Length", str(length))
    request.end_headers()
    request.wfile.write(content)


def send_radio(request: http.server.BaseHTTPRequestHandler) -> None:
    """Send MP3 endlessly in real time."""
    send_sound(request, b"", "audio/mpeg")
    content = encode(5.0, "MP3")
    piece = len(content) // 50
    while True:
        for start in range(0, len(content), piece):
            request.wfile.write(content[start : start + piece])
            time.sleep(0.1)


def send_and_stall(request: http.server.BaseHTTPRequestHandler) -> None:
    """Send two seconds of sound, then nothing, and keep the connection open."""
    send_sound(request, encode(60.0)[: 44 + 4 * RATE_HZ])
    time.sleep(20)


def error_answer(code: int) -> Answer:
    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_error(code)

    return answer


def open_ring(camera: Camera, seconds: float = 15.0) -> Ring:
    return camera.open().result(seconds)


def refusal(url: str, **options: Any) -> str:
    """Return why there is no sound."""
    with pytest.raises(SoundLostError) as caught:
        open_ring(Camera(url, threading.Condition(), **options), 30.0)
    return str(caught.value)


def windows(reader: WindowReader, ring: Ring, until: float) -> Iterator[Window]:
    """Yield the windows until the time `until`, as the daemon's loop does."""
    while (now := time.monotonic()) < until:
        window = reader.poll()
        if window is not None:
            yield window
        with ring.changed:
            if not ring.has_news:
                ring.changed.wait(min(until, reader.due) - now)


def loss_reason(ring: Ring, seconds: float = 15.0, stall_seconds: float = 5.0) -> str:
    """Return the reason given when the sound ends."""
    reader = WindowReader(ring, 1.0, stall_seconds)
    with pytest.raises(SoundLostError) as caught:
        for _ in windows(reader, ring, time.monotonic() + seconds):
            pass
    return str(caught.value)


def assert_is_the_tone(samples: Samples) -> None:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert spectrum.argmax() * 16_000 / len(samples) == pytest.approx(1_000, abs=2)
    assert np.sqrt(np.mean(samples**2) * 2) == pytest.approx(0.5, rel=0.05)


def test_receives_a_web_radio_in_real_time(serve: Serve) -> None:
    changed = threading.Condition()
    camera = Camera(f"http://127.0.0.1:{serve(send_radio)}/live", changed)
    opening = camera.open()
    with changed:
        assert changed.wait_for(opening.done, 15)
    ring = opening.result(0)
    assert (ring.rate_hz, ring.changed) == (RATE_HZ, changed)
    found = []
    for window in windows(WindowReader(ring, 0.5, 5.0), ring, time.monotonic() + 8):
        assert_is_the_tone(window.samples)
        found.append(window.start_sample)
    assert len(found) >= 4
    assert ring.overflows == 0
    camera.close(ring).result(5)


def test_throttles_sound_faster_than_real_time(serve: Serve) -> None:
    content = encode(60.0)
    began = time.monotonic()
    ring = open_ring(
        Camera(f"http://127.0.0.1:{serve(lambda r: send_sound(r, content))}", threading.Condition())
    )
    ended_at = [
        window.ended_at
        for window in windows(WindowReader(ring, 0.5, 5.0), ring, time.monotonic() + 8)
    ]
    passed_seconds = time.monotonic() - began
    assert len(ended_at) >= 5
    assert ended_at[-1] < 1.1 * passed_seconds + 0.6
    assert (ring.overflows, ring.late_windows) == (0, 0)


@pytest.mark.parametrize(
    ("missing", "words"), [(0, "it has ended"), (1_000_000, "the connection was lost")]
)
def test_reports_the_end_of_the_sound(missing: int, words: str, serve: Serve) -> None:
    content = encode(60.0)[: 44 + 3 * RATE_HZ]
    length = len(content) + missing
    port = serve(lambda request: send_sound(request, content, length=length))
    ring = open_ring(Camera(f"http://127.0.0.1:{port}/x", threading.Condition()))
    assert loss_reason(ring) == f"the sound of http://127.0.0.1:{port} is gone: {words}"


def test_reports_a_stalled_stream_and_ends_its_child(
    serve: Serve,
) -> None:
    camera = Camera(
        f"http://127.0.0.1:{serve(send_and_stall)}/x", threading.Condition(), stall_seconds=1.0
    )
    ring = open_ring(camera)
    assert loss_reason(ring, stall_seconds=1.0).startswith("no sound from the device for ")
    began = time.monotonic()
    closed = camera.close(ring)
    assert time.monotonic() - began < 3.0
    closed.result(10)
    assert decoders() == []


def test_can_be_reopened_after_close(serve: Serve) -> None:
    camera = Camera(f"http://127.0.0.1:{serve(send_radio)}/live", threading.Condition())
    for _ in range(2):
        ring = open_ring(camera)
        camera.close(ring).result(5)
        assert loss_reason(ring, stall_seconds=0.1)
    assert camera.close(ring).done()


def test_close_frees_the_ring_without_garbage_collection(serve: Serve) -> None:
    camera = Camera(f"http://127.0.0.1:{serve(send_radio)}/live", threading.Condition())
    gc.collect()
    gc.disable()
    try:
        ring = open_ring(camera)
        left = weakref.ref(ring)
        camera.close(ring).result(5)
        del ring
        deadline = time.monotonic() + 5
        while left() is not None:
            assert time.monotonic() < deadline, "only the garbage collector would free it"
            time.sleep(0.01)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (error_answer(401), "login failed; check the user name and password in its url"),
        (error_answer(403), "access denied"),
        (error_answer(404), "not found; correct the path of its url"),
        (error_answer(500), "server error (HTTP 5xx)"),
        (lambda request: send_sound(request, b"<html>hello</html>" * 99, "text/html"), "no sound"),
        (lambda request: send_sound(request, b""), "no sound"),
        (lambda request: request.wfile.write(bytes(range(256)) * 99), "no sound"),
        (lambda request: request.connection.close(), "no sound"),
    ],
)
def test_reports_why_a_server_sends_no_sound(answer: Answer, words: str, serve: Serve) -> None:
    port = serve(answer)
    message = refusal(f"http://me:{PASSWORD}@127.0.0.1:{port}/live?key={PASSWORD}")
    assert message.startswith(f"no sound from http://127.0.0.1:{port}: ")
    assert words in message
    assert PASSWORD not in message


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp"])
def test_distinguishes_a_refused_connection_from_an_unknown_host(scheme: str) -> None:
    assert refusal(f"{scheme}://127.0.0.1:1/x").endswith(": connection refused")
    assert "host name cannot be resolved" in refusal(f"{scheme}://nobody.invalid/x")


def test_gives_up_on_a_server_that_never_answers(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.sound.camera._CONNECT_SECONDS", 1.0)
    port = serve(lambda _: time.sleep(20))
    assert refusal(f"http://127.0.0.1:{port}/x").endswith(": no answer in time")


def test_can_reopen_after_giving_up_on_a_hanging_decoder(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = threading.Condition()
    camera = Camera(f"http://127.0.0.1:{serve(send_radio)}/live", changed)
    with monkeypatch.context() as hanging:
        hanging.setattr("daemon.sound.camera._GIVE_UP_SECONDS", 0.5)
        hanging.setattr(
            "daemon.sound.decoding.child._PROGRAM", fake_decoder(tmp_path, "time.sleep(60)")
        )
        opening = camera.open()
        with changed:
            assert changed.wait_for(opening.done, 10)
    with pytest.raises(SoundLostError, match="no answer in time"):
        opening.result(0)
    camera.close(open_ring(camera)).result(5)


def test_reports_a_crashed_decoder_and_can_reopen(serve: Serve) -> None:
    port = serve(send_radio)
    camera = Camera(f"http://127.0.0.1:{port}/live", threading.Condition())
    ring = open_ring(camera)
    (child,) = decoders()
    os.kill(child, signal.SIGSEGV)
    name = f"http://127.0.0.1:{port}"
    assert loss_reason(ring) == f"the sound of {name} is gone: its decoder crashed (SIGSEGV)"
    camera.close(ring).result(5)
    ring = open_ring(camera)
    camera.close(ring).result(5)
    assert decoders() == []


def test_stopped_decoder_counts_as_a_stall_and_is_killed(serve: Serve) -> None:
    camera = Camera(f"http://127.0.0.1:{serve(send_radio)}/live", threading.Condition())
    ring = open_ring(camera)
    (child,) = decoders()
    os.kill(child, signal.SIGSTOP)
    assert loss_reason(ring, stall_seconds=1.0) == "no sound from the device for 1 s"
    camera.close(ring).result(5)
    assert decoders() == []


def test_decoder_uses_at_most_40_mib(serve: Serve) -> None:
    camera = Camera(f"http://127.0.0.1:{serve(send_radio)}/live", threading.Condition())
    ring = open_ring(camera)
    (child,) = decoders()
    kilobytes = proportional_kilobytes(child)
    camera.close(ring).result(5)
    assert kilobytes <= 40 * 1024


def proportional_kilobytes(process: int) -> int:
    """Return the process's memory; pages shared with other processes count in part."""
    lines = Path("/proc", str(process), "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def test_cancelled_opening_ends_its_child(serve: Serve) -> None:
    camera = Camera(f"http://127.0.0.1:{serve(lambda _: time.sleep(20))}/x", threading.Condition())
    opening = camera.open()
    wait_until(lambda: len(decoders()) == 1)
    assert opening.cancel()
    wait_until(lambda: decoders() == [], seconds=2)


def test_opening_cancelled_as_it_completes_raises_no_error(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = []
    begin = _Connection._complete_opening

    def cancelled(self: _Connection, rate_hz: int, channels: int) -> None:
        connections.append(self)
        assert self.opened.cancel()
        begin(self, rate_hz, channels)

    monkeypatch.setattr(_Connection, "_complete_opening", cancelled)
    opening = Camera(f"http://127.0.0.1:{serve(send_radio)}/live", threading.Condition()).open()
    wait_until(lambda: any(connection.closed.done() for connection in connections))
    assert opening.cancelled()
    wait_until(lambda: decoders() == [], seconds=2)


def test_reports_that_no_thread_or_process_can_be_started(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any, **__: Any) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def has_none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    url = f"http://127.0.0.1:{serve(send_radio)}/live"
    with monkeypatch.context() as full:
        full.setattr(subprocess, "Popen", refuses)
        message = refusal(url)
        assert message.endswith("cannot be started (Resource temporarily unavailable)")
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", has_none)
        assert refusal(url).endswith("no thread can be started")
    camera = Camera(url, threading.Condition())
    camera.close(open_ring(camera)).result(5)


def test_forty_silent_servers_leave_no_thread_or_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("daemon.sound.camera._CONNECT_SECONDS", 1.0)
    before = threading.active_count()
    changed = threading.Condition()
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as silent:
        port = silent.getsockname()[1]
        urls = [f"{scheme}://127.0.0.1:{port}/x" for scheme in ("http", "rtsp")]
        began = time.monotonic()
        openings = [Camera(url, changed).open() for url in urls * 20]
        assert time.monotonic() - began < 5.0
        assert threading.active_count() <= before + 40
        for opening in openings:
            with pytest.raises(SoundLostError, match="no answer in time"):
                opening.result(60)
    wait_until(lambda: threading.active_count() <= before)
    assert decoders() == []


@pytest.mark.parametrize("channels", [7, 8, 16])
def test_receives_a_stream_with_many_channels(channels: int, serve: Serve) -> None:
    file = io.BytesIO()
    samples = np.repeat(tone(30.0)[:, None], channels, axis=1)
    soundfile.write(file, samples, RATE_HZ, format="WAV", subtype="PCM_16")
    content = file.getvalue()
    url = f"http://127.0.0.1:{serve(lambda r: send_sound(r, content))}/x"
    camera = Camera(url, threading.Condition())
    ring = open_ring(camera)
    reader = WindowReader(ring, 0.5, 5.0)
    found = list(windows(reader, ring, time.monotonic() + 5))
    assert_is_the_tone(found[-1].samples)
    camera.close(ring).result(5)


@pytest.mark.parametrize("rates_hz", [(44_100, 22_050), (22_050, 44_100)])
def test_changed_stream_format_keeps_the_speed(
    rates_hz: tuple[int, int], serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    content = b"".join(
        write(tmp_path / str(rate), tone(6.0, rate), AAC, rate_hz=rate, layout=layout).read_bytes()
        for rate, layout in zip(rates_hz, ("mono", "stereo"), strict=True)
    )
    port = serve(lambda request: send_sound(request, content, "audio/aac"))
    camera = Camera(f"http://127.0.0.1:{port}/live", threading.Condition())
    ring = open_ring(camera)
    assert ring.rate_hz == rates_hz[0]
    reader = WindowReader(ring, 0.5, 5.0)
    found = list(windows(reader, ring, time.monotonic() + 11))
    assert found[-1].ended_at > 10.0
    for window in found:
        # The encoder inserts silence where the two formats meet.
        if not 5.7 < window.ended_at < 10.4:
            assert_is_the_tone(window.samples)
    assert f"http://127.0.0.1:{port} now sends sound at {rates_hz[1]} Hz" in caplog.messages
    camera.close(ring).result(5)


def test_mixes_channels_to_their_mean_and_replaces_nan_by_silence(serve: Serve) -> None:
    file = io.BytesIO()
    row = [0.1, 0.2, np.nan, 7.0]
    samples = np.tile(np.array(row, np.float32), (30 * RATE_HZ, 1))
    soundfile.write(file, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    content = file.getvalue()
    url = f"http://127.0.0.1:{serve(lambda r: send_sound(r, content))}/x"
    camera = Camera(url, threading.Condition())
    ring = open_ring(camera)
    with ring.changed:
        assert ring.changed.wait_for(lambda: ring.has_news, 5)
    block = ring.fetch()
    assert block is not None
    np.testing.assert_allclose(block, (0.1 + 0.2 + 0.0 + 1.0) / 4, rtol=1e-6)
    camera.close(ring).result(5)


def stereo(right: float) -> bytes:
    """Return the tone on the left channel and `right` times the tone on the right."""
    file = io.BytesIO()
    samples = np.stack([tone(30.0), np.float32(right) * tone(30.0)], axis=1)
    soundfile.write(file, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    return file.getvalue()


def test_silent_channel_keeps_the_level(serve: Serve) -> None:
    content = stereo(0.0)
    url = f"http://127.0.0.1:{serve(lambda r: send_sound(r, content))}/x"
    camera = Camera(url, threading.Condition())
    ring = open_ring(camera)
    found = list(windows(WindowReader(ring, 0.5, 5.0), ring, time.monotonic() + 5))
    assert_is_the_tone(found[-1].samples)
    camera.close(ring).result(5)


def test_warns_of_opposite_phase_once_per_connection(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    content = stereo(-1.0)
    port = serve(lambda r: send_sound(r, content))
    camera = Camera(f"http://127.0.0.1:{port}/x", threading.Condition())
    ring = open_ring(camera)
    wait_until(lambda: "opposite phase" in caplog.text)
    time.sleep(1.5)
    camera.close(ring).result(5)
    named = [r.message for r in caplog.records if "opposite phase" in r.message]
    assert named == [
        (
            f"the channels of http://127.0.0.1:{port} are in opposite phase and cancel each other "
            "when they are mixed; choose mono sound in its settings"
        )
    ]


def test_server_cannot_make_it_open_local_files(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "secret.wav"
    file.write_bytes(encode(30.0))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:30\n#EXTINF:30,\nfile://{file}\n#EXT-X-ENDLIST\n"

    def lists(request: http.server.BaseHTTPRequestHandler) -> None:
        send_sound(request, playlist.encode(), "application/vnd.apple.mpegurl")

    def redirects(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", f"file://{file}")
        request.end_headers()

    for answer in (lists, redirects):
        assert "no sound" in refusal(f"http://127.0.0.1:{serve(answer)}/x.m3u8")


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """Return a self-signed certificate for localhost and a server context that uses it."""
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


def test_verifies_the_certificate(
    serve: ServeTls, certificates: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = certificates
    content = encode(30.0)
    url = f"https://localhost:{serve(lambda r: send_sound(r, content), context)}/x"
    assert "certificate rejected" in refusal(url)
    other_name = url.replace("localhost", "127.0.0.1")
    assert "certificate rejected" in refusal(other_name, ca_file=str(certificate))
    camera = Camera(url, threading.Condition(), ca_file=str(certificate))
    camera.close(open_ring(camera)).result(5)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    camera = Camera(url, threading.Condition())
    camera.close(open_ring(camera)).result(5)


def redirect_to(url: str) -> Answer:
    def redirect(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", url)
        request.end_headers()

    return redirect


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_rejects_a_redirect_to_an_untrusted_certificate(
    scheme: str, serve: ServeTls, certificates: tuple[Path, ssl.SSLContext], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    certificate, key = make_certificate(other)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    content = encode(30.0)
    second = serve(lambda r: send_sound(r, content), context)
    first = serve(
        redirect_to(f"https://localhost:{second}/x"), certificates[1] if scheme == "https" else None
    )
    trusted = {"ca_file": str(certificates[0])} if scheme == "https" else {}
    message = refusal(f"{scheme}://localhost:{first}/x", **trusted)
    assert "certificate rejected" in message


def playlist(*urls: str, states_length: bool = True) -> Answer:
    pieces = "".join(f"#EXTINF:6,\n{url}\n" for url in urls)
    content = f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n{pieces}#EXT-X-ENDLIST\n".encode()
    length = len(content) if states_length else None
    return lambda request: send_sound(request, content, "application/vnd.apple.mpegurl", length)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_verifies_certificates_of_urls_in_a_playlist(
    scheme: str, serve: ServeTls, certificates: tuple[Path, ssl.SSLContext], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    certificate, key = make_certificate(other)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    content = encode(6.0, "MP3")

    def piece(request: http.server.BaseHTTPRequestHandler) -> None:
        send_sound(request, content, "audio/mpeg", len(content))

    own = certificates[1] if scheme == "https" else None
    trusted = {"ca_file": str(certificates[0])} if scheme == "https" else {}
    bad = serve(playlist(f"https://localhost:{serve(piece, context)}/1.mp3"), own)
    message = refusal(f"{scheme}://localhost:{bad}/x.m3u8", **trusted)
    assert "certificate rejected" in message
    pieces = f"{scheme}://localhost:{serve(piece, own)}"
    good = serve(playlist(f"{pieces}/1.mp3", f"{pieces}/2.mp3"), own)
    camera = Camera(
        f"{scheme}://localhost:{good}/x.m3u8",
        threading.Condition(),
        ca_file=trusted.get("ca_file"),
    )
    ring = open_ring(camera)
    found = list(windows(WindowReader(ring, 0.5, 5.0), ring, time.monotonic() + 5))
    assert_is_the_tone(found[-1].samples)
    camera.close(ring).result(5)


def test_playlist_entries_are_relative_to_the_redirected_url(serve: Serve) -> None:
    content = encode(30.0, "MP3")

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        answers: dict[str, Answer] = {
            "/radio": redirect_to("/moved/radio"),
            "/moved/radio": redirect_to("list/x.m3u8"),
            "/moved/list/x.m3u8": playlist("1.mp3"),
            "/moved/list/1.mp3": lambda r: send_sound(r, content, "audio/mpeg", len(content)),
        }
        answers.get(request.path, error_answer(404))(request)

    camera = Camera(f"http://127.0.0.1:{serve(answer)}/radio", threading.Condition())
    camera.close(open_ring(camera)).result(5)


RADIO_PLAYLISTS = {
    "x.pls": "[playlist]\r\nNumberOfEntries=1\r\nFile1={}\r\nLength1=-1\r\nVersion=2\r\n",
    "x.m3u": "#EXTM3U\n#EXTINF:-1,The station\n{}\n",
    "plain.m3u": "# The station\n\n{}\n",
    "x.m3u8": "\ufeff#EXTM3U\n{}\n",
    "x.xspf": '<?xml version="1.0"?>\n<playlist version="1" xmlns="http://xspf.org/ns/0/">\n'
    "<trackList><track><location>{}</location></track></trackList></playlist>\n",
    "x.asx": '<asx version="3.0"><entry><ref href="{}"/></entry></asx>',
}


def radio_playlist(name: str, url: str, *, states_length: bool = True) -> Answer:
    content = RADIO_PLAYLISTS[name].format(url).encode()
    length = len(content) if states_length else None
    return lambda request: send_sound(request, content, "audio/x-playlist", length)


@pytest.mark.parametrize(
    ("name", "how"),
    [*((name, "absolute") for name in RADIO_PLAYLISTS), ("x.m3u", "relative"), ("x.m3u", "HLS")],
)
@pytest.mark.parametrize("states_length", [True, False])
def test_follows_a_radio_playlist(
    name: str, how: str, serve: Serve, *, states_length: bool
) -> None:
    content = encode(30.0, "MP3")

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        file = "hls.m3u8" if how == "HLS" else "song.mp3"
        url = file if how == "relative" else f"http://{request.headers['Host']}/{file}"
        answers: dict[str, Answer] = {
            f"/{name}": radio_playlist(name, url, states_length=states_length),
            "/hls.m3u8": playlist("song.mp3", states_length=states_length),
            "/song.mp3": lambda r: send_sound(r, content, "audio/mpeg", len(content)),
        }
        answers.get(request.path, error_answer(404))(request)

    camera = Camera(f"http://127.0.0.1:{serve(answer)}/{name}", threading.Condition())
    ring = open_ring(camera)
    assert ring.rate_hz == RATE_HZ
    camera.close(ring).result(5)


@pytest.mark.parametrize("name", RADIO_PLAYLISTS)
def test_reports_a_playlist_without_streams(name: str, serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "secret.wav"
    file.write_bytes(encode(30.0))
    inner = serve(radio_playlist(name, "http://127.0.0.1/x"))
    names = [f"file://{file}", "rtsp://127.0.0.1/x", "mms://127.0.0.1/x", "http://[x/y"]
    for url in (*names, f"http://127.0.0.1:{inner}/{name}"):
        message = refusal(f"http://127.0.0.1:{serve(radio_playlist(name, url))}/{name}")
        assert "it is a playlist that contains no stream over http or https" in message


@pytest.mark.parametrize("name", ["x.pls", "x.m3u"])
def test_verifies_certificates_of_urls_in_a_radio_playlist(
    name: str, serve: ServeTls, certificates: tuple[Path, ssl.SSLContext]
) -> None:
    content = encode(30.0, "MP3")
    song = serve(lambda r: send_sound(r, content, "audio/mpeg", len(content)), certificates[1])
    answer = radio_playlist(name, f"https://localhost:{song}/x")
    assert "certificate rejected" in refusal(f"http://127.0.0.1:{serve(answer)}/{name}")
    own = serve(answer, certificates[1])
    url = f"https://localhost:{own}/{name}"
    camera = Camera(url, threading.Condition(), ca_file=str(certificates[0]))
    camera.close(open_ring(camera)).result(5)


def test_does_not_send_the_login_to_another_server(
    serve: ServeTls, certificates: tuple[Path, ssl.SSLContext]
) -> None:
    content = encode(30.0)
    asked: list[tuple[str, str | None, str | None]] = []

    def plain(request: http.server.BaseHTTPRequestHandler) -> None:
        headers = request.headers
        asked.append((request.path, headers["Authorization"], headers["Referer"]))
        send_sound(request, content)

    def locked(request: http.server.BaseHTTPRequestHandler) -> None:
        if request.headers["Authorization"] is None:
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.end_headers()
        else:
            redirect_to(f"http://127.0.0.1:{unencrypted}/next")(request)

    unencrypted = serve(plain)
    port = serve(locked, certificates[1])
    url = f"https://me:{PASSWORD}@localhost:{port}/x?key={PASSWORD}"
    camera = Camera(url, threading.Condition(), ca_file=str(certificates[0]))
    camera.close(open_ring(camera)).result(5)
    assert asked == [("/next", None, None)]


@pytest.mark.parametrize(
    ("url", "options", "words"),
    [
        ("http://camera/x", {"tls_verify": True}, "http:// is not encrypted"),
        ("rtsp://camera/x", {"ca_file": "/etc/hosts"}, "rtsp:// is not encrypted"),
        ("https://camera/x", {"tls_verify": False}, "https:// is always verified"),
        ("rtsps://camera/x", {"ca_file": "/etc/hosts"}, "without tls_verify: true"),
        ("https://camera/x", {"ca_file": "/nowhere/ca.pem"}, "/nowhere/ca.pem: No such file"),
        ("https://camera/x", {"ca_file": "a\0b"}, "embedded null byte"),
    ],
)
def test_rejects_invalid_tls_settings(url: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Camera(url, threading.Condition(), **options)


@pytest.mark.parametrize(
    "url",
    [
        "camera", "", "//camera/x", "file:///etc/passwd", "ftp://camera/x", "rtsp://", "http:///x",
        f"rtsp:/me:{PASSWORD}@camera/x", f"rtsp://me:{PASSWORD}@camera:port/x",
        f"rtsp://me:{PASSWORD}@[camera/x", f"http://me:{PASSWORD}@camera/x\r\nHost: y", "concat:a",
        f"http://me:{PASSWORD}@camera/ x", f"http://me:{PASSWORD}@camera:99999/x",
    ],
)  # fmt: skip
def test_rejects_an_invalid_url_without_showing_it(url: str) -> None:
    with pytest.raises(InputError, match="rtsp://, rtsps://, http:// or https://") as caught:
        Camera(url, threading.Condition())
    assert PASSWORD not in str(caught.value)


def test_shows_only_the_host_of_a_url() -> None:
    changed = threading.Condition()
    url = f"rtsp://me:{PASSWORD}@Camera.local:8554/{PASSWORD}?key={PASSWORD}#{PASSWORD}"
    assert Camera(url, changed).name == "rtsp://camera.local:8554"
    assert Camera("https://[fe80::1]/x", changed).name == "https://[fe80::1]"


def test_error_without_pyav_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(InputError, match="-m pip install av"):
        Camera("rtsp://camera/x", threading.Condition())


def test_pace_lets_a_burst_pass_and_holds_back_a_flood() -> None:
    pace = Pace()
    assert [pace.wait_seconds(0.1, 100.0) for _ in range(5)] == [0.0] * 5
    assert pace.wait_seconds(0.51, 100.0) == pytest.approx(0.51 / 1.02)
    assert pace.wait_seconds(0.1, 100.5) == pytest.approx(0.1 / 1.02)
    # After an hour without sound, an hour of sound does not pass at once.
    assert pace.wait_seconds(0.5, 3_700.0) == 0.0
    assert pace.wait_seconds(1.02, 3_700.0) == pytest.approx(1.0)


@contextmanager
def rtsp_server(*arguments: str) -> Iterator[int]:
    """Run a GStreamer RTSP server with the system's Python; yields its port."""
    script = ROOT / "tests" / "daemon" / "rtsp_camera.py"
    command = ["/usr/bin/python3", str(script), PASSWORD, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            line = server.stdout.readline()
            if not line:
                pytest.skip("python3-gi and gir1.2-gst-rtsp-server-1.0 are not installed")
            yield int(line)
        finally:
            server.kill()


@pytest.fixture(scope="module")
def rtsp_port() -> Iterator[int]:
    """Run a server shared by all tests; yields its port."""
    with rtsp_server() as port:
        yield port


@pytest.mark.parametrize(
    ("path", "rate_hz", "channels"), [("sound", 8_000, 1), ("stereo", 44_100, 2)]
)
def test_receives_a_camera(
    path: str, rate_hz: int, channels: int, rtsp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    camera = Camera(f"rtsp://127.0.0.1:{rtsp_port}/{path}", threading.Condition())
    ring = open_ring(camera)
    assert ring.rate_hz == rate_hz
    reader = WindowReader(ring, 0.5, 5.0)
    found = list(windows(reader, ring, time.monotonic() + 6))
    assert len(found) >= 3
    assert_is_the_tone(found[-1].samples)
    assert ring.overflows == 0
    camera.close(ring).result(5)
    listening = f"listening to rtsp://127.0.0.1:{rtsp_port} at {rate_hz} Hz, {channels} channel(s)"
    assert listening in caplog.text


def test_receives_a_camera_only_with_its_password(
    rtsp_port: int, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    camera = Camera(f"rtsp://me:{PASSWORD}@127.0.0.1:{rtsp_port}/locked", threading.Condition())
    camera.close(open_ring(camera)).result(5)
    for login in ("", "me:wrong@"):
        message = refusal(f"rtsp://{login}127.0.0.1:{rtsp_port}/locked")
        assert "check the user name and password" in message
    shown = capfd.readouterr()
    assert PASSWORD not in caplog.text + shown.out + shown.err


def test_verifies_a_camera_certificate_only_if_configured(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    both = tmp_path / "both.pem"
    both.write_text(certificate.read_text() + key.read_text())
    with rtsp_server(str(both)) as port:
        url = f"rtsps://localhost:{port}/stereo"
        if av.library_versions["libavformat"] < (62,):
            assert "PyAV before 16 cannot verify" in refusal(url, tls_verify=True)
            return
        verified: dict[str, Any] = {"tls_verify": True, "ca_file": str(certificate)}
        for options in ({}, verified):
            camera = Camera(url, threading.Condition(), **options)
            ring = open_ring(camera)
            assert ring.rate_hz == 44_100
            camera.close(ring).result(5)
        assert "certificate rejected" in refusal(url, tls_verify=True)
        other_name = url.replace("localhost", "127.0.0.1")
        message = refusal(other_name, tls_verify=True, ca_file=str(certificate))
        assert "certificate rejected" in message


def test_reports_a_camera_that_goes_offline() -> None:
    with rtsp_server() as port:
        ring = open_ring(Camera(f"rtsp://127.0.0.1:{port}/sound", threading.Condition()))
    began = time.monotonic()
    assert "is gone" in loss_reason(ring)
    assert time.monotonic() - began < 6
    assert refusal(f"rtsp://127.0.0.1:{port}/sound").endswith("connection refused")


def test_reports_a_camera_without_sound_and_a_wrong_path(rtsp_port: int) -> None:
    assert "switch its microphone on" in refusal(f"rtsp://127.0.0.1:{rtsp_port}/silent")
    assert "not found; correct" in refusal(f"rtsp://127.0.0.1:{rtsp_port}/none")


@pytest.mark.parametrize(("path", "first_seconds"), [("mute-alone", 1.5), ("refuses-alone", 8.0)])
def test_requests_video_too_if_audio_needs_it(
    path: str, first_seconds: float, rtsp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.sound.camera._NEXT_SETUP_SECONDS", first_seconds)
    camera = Camera(f"rtsp://127.0.0.1:{rtsp_port}/{path}", threading.Condition())
    ring = open_ring(camera)
    (child,) = decoders()
    found = list(windows(WindowReader(ring, 0.5, 5.0), ring, time.monotonic() + 6))
    assert_is_the_tone(found[-1].samples)
    assert proportional_kilobytes(child) <= 40 * 1024
    camera.close(ring).result(5)
    # The setup that worked is tried first; with these limits a second one could not succeed.
    monkeypatch.setattr("daemon.sound.camera._NEXT_SETUP_SECONDS", 5.0)
    monkeypatch.setattr("daemon.sound.camera._GIVE_UP_SECONDS", 0.0)
    camera.close(open_ring(camera)).result(5)


def test_requests_audio_only_first(rtsp_port: int) -> None:
    camera = Camera(f"rtsp://127.0.0.1:{rtsp_port}/sound", threading.Condition())
    ring = open_ring(camera)
    assert [dict(setup.options).get("allowed_media_types") for setup in camera._setups] == [
        "audio",
        None,
    ]
    camera.close(ring).result(5)
