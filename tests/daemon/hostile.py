"""Hostile inputs: each must be rejected with a readable error, or read correctly.

The tests try a few inputs of each entry of `CASES`, `benchmarks/fuzz.py` tries many.
"""

import atexit
import functools
import hashlib
import io
import json
import socket
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import soundfile
import yaml
from hypothesis import strategies as st
from numpy.typing import NDArray

from daemon.configuration.settings import FamilySettings, Settings
from daemon.configuration.settings_file import load
from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL, Classifier, load_classifier
from daemon.hearing.model_file import read_contract
from daemon.hearing.rules import rules
from daemon.hearing.scorer import Scorer
from daemon.hub.messages import Message
from daemon.mqtt.outbox import database
from daemon.mqtt.outbox.database import OutboxFile
from daemon.mqtt.outbox.event_queue import Entry
from daemon.mqtt.outbox.moment import Moment
from daemon.sound.decoding.child import ChildError, Decoder, DecodingError, Request
from daemon.sound.sound_file import read_sound
from daemon.sound.window import WINDOW_SAMPLES, Window
from daemon.web import endpoint, health
from tests.daemon.hostile_broker import SESSION, check_broker, check_refusals

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 20.0
_MOST_LINES = 30
_MOST_YAML_SECONDS = 5.0
_AUDIO = {
    ".wav": ("WAV", "PCM_16"),
    ".WAV": ("WAV", "FLOAT"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", "PCM_24"),
}


class Case(NamedTuple):
    """One kind of input and its check."""

    inputs: st.SearchStrategy[tuple[bytes, str]]
    """Generates contents, each with the suffix of its file."""
    check: Callable[[bytes, Path], bool]
    """Asserts what must hold; returns True if the input was accepted, False if rejected."""
    examples: int = 100
    """Number of inputs that the tests try."""

    def run(self, content: bytes, suffix: str, folder: Path) -> bool:
        """Write the input to a file and check it; return whether it was accepted.

        Raises AssertionError if the check fails or takes too long.
        """
        path = folder / f"input{suffix}"
        path.write_bytes(content)
        began = time.monotonic()
        taken = self.check(content, path)
        assert time.monotonic() - began < MOST_SECONDS, "the check took too long"
        return taken


class Edit(NamedTuple):
    """One way to damage bytes."""

    kind: str
    """flip, set, cut, drop, insert, repeat or clear."""
    place: float
    """Where, as a fraction of the length, 0..1."""
    value: int
    """The byte to write, or the bit to flip, or the number of repetitions."""
    size: int
    """Number of bytes to drop, insert, repeat or clear."""


EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(["flip", "flip", "set", "cut", "drop", "insert", "repeat", "clear"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 255),
        st.integers(1, 64),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, edits: list[Edit], first: float = 0.0) -> bytes:
    """Return the bytes after all edits, which leave the fraction `first` at the start unchanged."""
    for kind, place, value, size in edits:
        at = int((first + (1 - first) * place) * len(content))
        head, tail = content[:at], content[at:]
        match kind:
            case "flip":
                tail = bytes(byte ^ (1 << value % 8) for byte in tail[:1]) + tail[1:]
            case "set":
                tail = bytes([value]) * len(tail[:1]) + tail[1:]
            case "cut":
                tail = b""
            case "drop":
                tail = tail[size:]
            case "insert":
                tail = bytes([value]) * size + tail
            case "repeat":
                tail = tail[:size] * (1 + value % 4) + tail
            case "clear":
                tail = bytes(len(tail[:size])) + tail[size:]
        content = head + tail
    return content


def refused(call: Callable[[], Any], named: Path | str) -> Any:
    """Return the result of `call`, or None if it raises a readable InputError about `named`."""
    try:
        return call()
    except InputError as error:
        lines = error.lines
    assert 1 <= len(lines) <= _MOST_LINES
    for line in lines:
        assert str(named) in line, line
        assert line.isprintable(), line
        assert len(line) < 2_000, line
    return None


def _names(kind: Any) -> set[str]:
    """Return all keys of settings, at any depth."""
    names = set(getattr(kind, "__struct_fields__", ()))
    for value in [getattr(kind(), name) for name in names]:
        if isinstance(value, msgspec.Struct):
            names |= _names(type(value))
    return names


KEYS = st.sampled_from(
    sorted(_names(Settings) | {"tls", "vocal", "guitar", "nobody", "hop_second"})
)
VALUES: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-10, 100)
    | st.integers()
    | st.floats()
    | st.floats(0, 10)
    | st.sampled_from(["default", "info", "auto", "5", "1.2", "a/b", "a\n", "", "ü", "~", "1e3"])
    | st.text(max_size=5)
)


def _sections(kind: Any) -> st.SearchStrategy[Any]:
    """Generate mappings with a few keys of `kind`, mostly with likely values."""
    made = kind()
    entries = [
        st.tuples(st.just(name), _like(getattr(made, name))) for name in kind.__struct_fields__
    ]
    return st.lists(st.one_of(entries), max_size=4).map(dict)


def _like(value: Any) -> st.SearchStrategy[Any]:
    """Generate values near a default, and sometimes others."""
    near: st.SearchStrategy[Any]
    if isinstance(value, msgspec.Struct):
        near = _sections(type(value))
    elif isinstance(value, dict):
        near = st.dictionaries(
            st.sampled_from(["vocal", "guitar"]), _sections(FamilySettings), max_size=2
        )
    elif isinstance(value, bool):
        near = st.booleans()
    elif isinstance(value, float):
        near = st.floats(value / 4, value * 4) if value > 0 else st.floats(value * 2, 0)
    elif isinstance(value, int):
        near = st.integers(value // 4, value * 4)
    elif value is None:
        near = st.none() | st.floats(0, 1) | st.integers(1, 9) | st.just("a")
    else:
        near = st.just(value)
    return st.integers(0, 9).flatmap(lambda chance: VALUES if chance == 0 else near)


def _merged(document: dict[str, Any], strays: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(strays) | document


DOCUMENTS = (
    _sections(Settings)
    | _sections(Settings)
    | st.builds(_merged, _sections(Settings), st.lists(st.tuples(KEYS, VALUES), max_size=1))
    | st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner))
)


def _as_yaml(document: Any) -> tuple[bytes, str]:
    return yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass"), ".yaml"


def check_settings(content: bytes, path: Path) -> bool:
    """Settings, and the rules made from them, match the file, or are rejected."""
    settings = refused(lambda: load(path), path)
    if settings is None:
        return False
    document = yaml.safe_load(content)
    texts = yaml.load(content, yaml.BaseLoader)  # noqa: S506
    assert _matches(msgspec.to_builtins(settings), document, texts), document
    tracker, hop_seconds = settings.tracker, settings.audio.hop_seconds
    families = ["vocal", "guitar"]
    for rule in (
        refused(lambda: rules(tracker, families, [0.5, 0.6], hop_seconds), "tracker.") or []
    ):
        assert 0 < rule.release <= rule.threshold < 1
        assert rule.patience in {"quick", "normal", "sure"}
    return True


def _matches(settings: Any, document: Any, texts: Any) -> bool:
    """Return whether the settings contain every value of the document, or its literal text."""
    if isinstance(document, dict) and isinstance(settings, dict):
        return all(
            _matches(settings.get(name, ...), value, texts[name])
            for name, value in zip(texts, document.values(), strict=True)
        )
    if isinstance(document, list) and isinstance(settings, list | tuple):
        return len(settings) == len(document) and all(map(_matches, settings, document, texts))
    if document is None:
        return settings is None or isinstance(settings, dict) or not len(settings)
    if isinstance(settings, str):
        return bool(settings == texts)
    if isinstance(document, str):
        document = _unquoted(document)
    if isinstance(document, bool) or isinstance(settings, bool):
        return settings is document
    return bool(settings == document)


def _unquoted(text: str) -> Any:
    """Return the value of a quoted number or boolean."""
    value = yaml.safe_load(text.strip())
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


_ANCHORS = st.sampled_from("abcd")
_KEPT = st.sampled_from(
    [
        "rtsp://me:S3cret@camera",
        "1:30",
        "'1:30'",
        "010",
        "no",
        "~",
        "2024-01-01",
        "!!set {x}",
        "9e9",
    ]
)


def _knotted(parts: list[tuple[str, str, str]]) -> tuple[bytes, str]:
    """Return flow-style settings with random anchors, aliases, merges and nesting."""
    lines = [f"{key}: {prefix}{value}" for key, prefix, value in parts]
    return "\n".join(lines).encode("utf-8", "surrogatepass"), ".yaml"


def _nodes(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    many = st.integers(1, 30)
    return (
        st.builds(lambda value, times: f"[{', '.join([value] * times)}]", inner, many)
        | st.builds(lambda key, value: f"{{{key}: {value}}}", KEYS | st.just("<<"), inner)
        | st.builds(lambda name, value: f"&{name} {value}", _ANCHORS, inner)
    )


KNOTS = st.builds(
    _knotted,
    st.lists(
        st.tuples(
            KEYS | st.sampled_from(["<<", "sources", "families"]),
            st.sampled_from(["", "", "&a ", "&b ", "&c ", "&d "]),
            st.recursive(_ANCHORS.map("*{}".format) | _KEPT | st.just("{}"), _nodes, max_leaves=12),
        ),
        max_size=6,
        unique_by=lambda part: part[0],
    ),
)


def _shared(votes: list[int], others: list[str]) -> tuple[bytes, str]:
    """Return settings of families that share their exceptions through aliases, a normal use."""
    first = f"vocal: &a {{votes: {votes[0]}, vote_seconds: {votes[-1]}}}"
    shared = [f"{name}: *a" for name in others]
    return f"tracker: {{families: {{{', '.join([first, *shared])}}}}}".encode(), ".yaml"


SHARED = st.builds(
    _shared,
    st.lists(st.integers(0, 9), min_size=1, max_size=2),
    st.lists(st.sampled_from(["guitar", "vocal", "flute", "<<", "*a"]), max_size=3),
)


def check_knots(content: bytes, path: Path) -> bool:
    """Settings are read or rejected quickly, and no camera login appears in the wrong place."""
    began = time.monotonic()
    settings = refused(lambda: _load_checking_secrets(path), path)
    assert time.monotonic() - began < _MOST_YAML_SECONDS, content
    for place in settings.sources if settings else ():
        assert isinstance(place.url, str) or "S3cret" not in repr(place)
    return settings is not None


def _load_checking_secrets(path: Path) -> Settings:
    try:
        return load(path)
    except InputError as error:
        text = str(error)
        if "S3cret" in text:
            raise AssertionError(text) from error
        raise


@functools.cache
def _model() -> tuple[bytes, int, Any, NDArray[np.float32]]:
    """Return the built-in model's bytes, the size of its network, its contract and some scores."""
    content = BUILT_IN_MODEL.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.infolist()[0].header_offset
    classifier = load_classifier()
    return content, size, classifier.contract, _scores(classifier)


def _scores(classifier: Classifier) -> NDArray[np.float32]:
    samples = np.random.default_rng(1).normal(0, 0.1, WINDOW_SAMPLES).astype(np.float32)
    return Scorer(classifier, None).hear(Window(samples, 0)).scores


def _damaged_model(edits: list[Edit], *, in_zip: bool) -> tuple[bytes, str]:
    content, size, *_ = _model()
    return damaged(content, edits, size / len(content) if in_zip else 0.0), ".tflite"


def check_model(content: bytes, path: Path) -> bool:
    """The model is rejected, or has the same network, contract and scores as the original."""
    whole, size, contract, scores = _model()
    if refused(lambda: read_contract(path), path) is None:
        return False
    assert content[:size] == whole[:size], "a changed network was accepted"
    classifier = load_classifier(path)
    assert classifier.contract == contract
    assert np.array_equal(_scores(classifier), scores)
    return True


def _other_contract(edits: list[tuple[list[int], Any]]) -> tuple[bytes, str]:
    """Return the network with a changed contract that has the correct checksum."""
    content, size, contract, _ = _model()
    document = json.loads(msgspec.json.encode(contract))
    document["tflite_sha256"] = hashlib.sha256(content[:size]).hexdigest()
    for way, value in edits:
        place: Any = document
        for step in way[:-1]:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            inner = place[keys[step % len(keys)]] if keys else None
            if not isinstance(inner, dict | list):
                break
            place = inner
        keys = list(place) if isinstance(place, dict) else range(len(place))
        if keys:
            key = keys[way[-1] % len(keys)]
            place[key] = _scaled(place[key], value) if isinstance(value, Scale) else value
    file = io.BytesIO(content[:size])
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("contract.json", json.dumps(document, allow_nan=False))
    return file.getvalue(), ".tflite"


class Scale(NamedTuple):
    """An edit of a contract that multiplies a number."""

    factor: float
    """The multiplier."""


def _scaled(value: Any, scale: Scale) -> Any:
    if isinstance(value, bool | str | dict) or value is None:
        return value
    if isinstance(value, list):
        return [_scaled(one, scale) for one in value]
    return type(value)(value * scale.factor)


_NUMBERS = st.sampled_from(
    [0, 1, -1, 0.5, 2, 16, 400, 1e-9, 1e-300, 1e300, -1e300, 1e9, 2**31, 2**63, 10**30, 96, 512]
)
_SCALES = st.builds(
    Scale, st.floats(0.25, 4) | st.sampled_from([0, -1, 1e-30, 1e-6, 1e3, 1e6, 1e9, 1e30])
)
CONTRACT_VALUES = (
    _SCALES
    | _SCALES
    | _SCALES
    | st.none()
    | st.booleans()
    | _NUMBERS
    | st.text(max_size=8)
    | st.lists(_NUMBERS, max_size=3)
    | st.builds(lambda value, times: [value] * times, _NUMBERS, st.sampled_from([20, 99, 200_000]))
    | st.dictionaries(st.sampled_from(["temperature", "offset", "x"]), _NUMBERS, max_size=2)
)
CONTRACTS = st.builds(
    _other_contract,
    st.lists(
        st.tuples(st.lists(st.integers(0, 99), min_size=1, max_size=3), CONTRACT_VALUES),
        min_size=1,
        max_size=2,
    ),
)


def check_contract(_content: bytes, path: Path) -> bool:
    """The model is rejected, or its scores are valid."""
    classifier = refused(lambda: load_classifier(path), path)
    if classifier is not None:
        scores = _scores(classifier)
        assert np.isfinite(scores).all(), scores
        assert ((scores >= 0) & (scores <= 1)).all(), scores
    return classifier is not None


@functools.cache
def _audio(suffix: str) -> bytes:
    container, subtype = _AUDIO[suffix]
    samples = np.random.default_rng(2).normal(0, 0.1, (12_000, 2))
    file = io.BytesIO()
    soundfile.write(file, samples, 24_000, format=container, subtype=subtype)
    return file.getvalue()


def _damaged_audio(suffix: str, edits: list[Edit], first: float) -> tuple[bytes, str]:
    # Damage to the first bytes causes most kinds of errors.
    content = _audio(suffix)
    head = content[:200] if first else content
    return damaged(head, edits) + content[len(head) :], suffix


def _many_channels(channels: int, subtype: str) -> tuple[bytes, str]:
    """Return a WAV file named .mov, so that FFmpeg reads it: libsndfile accepts any channels."""
    file = io.BytesIO()
    samples = np.tile(np.linspace(-0.5, 0.5, channels), (2_000, 1))
    soundfile.write(file, samples, 48_000, format="WAV", subtype=subtype)
    return file.getvalue(), ".mov"


LAYOUTS = st.builds(
    _many_channels, st.integers(1, 80), st.sampled_from(["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
)
AUDIO = st.builds(_damaged_audio, st.sampled_from(sorted(_AUDIO)), EDITS, st.sampled_from([0, 1]))


def check_audio(_content: bytes, path: Path) -> bool:
    """The sound is finite and of a possible length, or the file is rejected."""
    sound = refused(lambda: read_sound(str(path)), path)
    if sound is not None:
        assert np.isfinite(sound).all()
        assert 0 < len(sound) < 16_000 * 600
    return sound is not None


def check_stream(content: bytes, path: Path) -> bool:
    """Blocks contain whole samples, or there is a known error; the child may crash."""
    assert path.read_bytes() == content
    request = Request(url=f"file:{path}", options={}, memory_bytes=1 << 28)
    has_sound = False
    with suppress(DecodingError, ChildError), Decoder(request) as decoder:
        began = time.monotonic()
        while (block := decoder.read(MOST_SECONDS)) is not None:
            has_sound = has_sound or len(block.samples) > 0
            assert block.samples.shape[1] > 0
            assert time.monotonic() - began < MOST_SECONDS
    return has_sound


@functools.cache
def _outbox() -> tuple[bytes, set[Entry]]:
    """Return an outbox file with events and a will, and its entries."""
    entries = {
        n: Entry(Message(f"timbrel/{n}", b"x" * 300, 1), Moment("boot", float(n), float(n)))
        for n in range(1, 60)
    }
    with tempfile.TemporaryDirectory() as folder:
        file = OutboxFile(Path(folder))
        file.write(entries, [], {"will": entries[1]})
        file.close()
        return Path(folder, database.NAME).read_bytes(), set(entries.values())


def check_outbox(content: bytes, path: Path) -> bool:
    """The outbox contains only original events, or it is rejected, or the disk fails."""
    for old in path.parent.iterdir():
        old.unlink()
    kept = path.with_name(database.NAME)
    kept.write_bytes(content)
    try:
        file = refused(lambda: OutboxFile(path.parent), kept)
    except OSError:
        return False
    if file is None:
        return False
    file.close()
    assert {*file.events, *file.wills} <= _outbox()[1]
    return bool(file.events)


@functools.cache
def _health_port() -> int:
    """Start a health endpoint for the rest of the process; return its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = endpoint.serve(port, lambda: health.Health({}, time.monotonic()))
    server.__enter__()
    # Close it before interpreter shutdown, when its thread no longer runs and cannot be awaited.
    atexit.register(server.__exit__, None, None, None)
    return port


_REQUEST = (
    b"GET /healthz?a=b HTTP/1.1\r\nHost: localhost:80\r\nAccept: */*\r\nConnection: close\r\n\r\n"
)


def check_request(content: bytes, _path: Path) -> bool:
    """The answer is short and without a traceback; the server still answers other requests."""
    answers = []
    for request in (content, _REQUEST):
        answer = b""
        with socket.create_connection(("127.0.0.1", _health_port()), 10) as connection:
            try:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(65_536):
                    answer += piece
            except TimeoutError:
                raise
            except OSError:  # The server has closed the connection.
                pass
        assert len(answer) < 50_000
        assert b"Traceback" not in answer
        answers.append(answer.startswith(b"HTTP/1.0 200 "))
    assert answers[1], "the server no longer answers other requests"
    return answers[0]


# Reason codes of MQTT 5, mostly those of a PUBACK in the standard.
CODES = st.lists(
    st.sampled_from([0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x95, 0x97, 0x99])
    | st.integers(0, 255),
    max_size=40,
).map(bytes)


def _with_suffix(suffix: str) -> Callable[[bytes], tuple[bytes, str]]:
    return lambda content: (content, suffix)


def _damaged_text(edits: list[Edit]) -> bytes:
    return damaged((ROOT / "configs" / "timbrel.yaml").read_bytes(), edits)


CASES = {
    "settings by structure": Case(st.builds(_as_yaml, DOCUMENTS), check_settings, 300),
    "settings by bytes": Case(
        (st.builds(_damaged_text, EDITS) | st.binary(max_size=200)).map(_with_suffix(".yaml")),
        lambda _, path: refused(lambda: load(path), path) is not None,
    ),
    "settings by aliases": Case(KNOTS | SHARED, check_knots, 300),
    "models": Case(st.builds(lambda e: _damaged_model(e, in_zip=False), EDITS), check_model, 150),
    "models' ends": Case(
        st.builds(lambda e: _damaged_model(e, in_zip=True), EDITS), check_model, 300
    ),
    "contracts": Case(CONTRACTS, check_contract, 100),
    "recordings": Case(AUDIO, check_audio, 200),
    "layouts": Case(LAYOUTS, check_audio, 10),
    "streams": Case(AUDIO, check_stream, 20),
    "outboxes": Case(
        st.builds(lambda edits: (damaged(_outbox()[0], edits), ""), EDITS), check_outbox, 40
    ),
    "requests": Case(
        (st.builds(lambda e: damaged(_REQUEST, e), EDITS) | st.binary(max_size=300)).map(
            _with_suffix("")
        ),
        check_request,
        100,
    ),
    "refusals": Case(CODES.map(_with_suffix("")), check_refusals, 30),
    "brokers": Case(
        st.builds(lambda edits: (damaged(SESSION, edits), ""), EDITS), check_broker, 40
    ),
}
