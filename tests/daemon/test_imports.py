import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import daemon
from tests.conftest import MEDLEY, Timbrel

FORBIDDEN = {"tensorflow", "keras", "librosa", "scipy", "model_build"}
MODULES = sorted(
    info.name for info in pkgutil.walk_packages(daemon.__path__, "daemon.") if info.name != "daemon"
)


# A fork is faster than a new interpreter. It has loaded only NumPy and what NumPy imports.
IMPORT_EACH = """
import importlib, os, sys, numpy
for name in sys.argv[1:]:
    if os.fork() == 0:
        importlib.import_module(name)
        print(name, *{module.partition('.')[0] for module in sys.modules}, flush=True)
        os._exit(0)
    if os.wait()[1] != 0:
        sys.exit(f"{name} cannot be imported by itself")
"""


@pytest.fixture(scope="module")
def loaded_by_each() -> dict[str, set[str]]:
    """The top-level packages that are loaded after importing one module, by the module's name."""
    command = [sys.executable, "-c", IMPORT_EACH, *MODULES]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    return {name: set(loaded) for name, *loaded in lines}


def loaded_by(code: str) -> set[str]:
    """Return the top-level packages that a new interpreter has loaded after running the code."""
    code += "\nimport sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", MODULES)
def test_daemon_module_does_not_load_the_training_side(
    module: str, loaded_by_each: dict[str, set[str]]
) -> None:
    assert "daemon" in loaded_by_each[module]
    assert not loaded_by_each[module] & FORBIDDEN


@pytest.mark.parametrize(
    "module",
    [
        *("hearing.tracker", "sound.window", "configuration.settings", "practice.sessions"),
        *("hub.reporter", "hub.messages", "hub.controls", "hub.inbox", "hub.payloads"),
        *("hub.home_assistant.discovery", "mqtt.outbox.outbox", "system.files.json_store"),
    ],
)
def test_pure_module_loads_no_broker_sound_or_network(module: str) -> None:
    edges = {"paho", "sounddevice", "soundfile", "soxr", "ai_edge_litert", "av", "sqlite3"}
    assert not loaded_by(f"import daemon.{module}") & edges


def test_settings_do_not_load_numpy() -> None:
    assert "numpy" not in loaded_by(
        "import daemon.configuration.settings, daemon.configuration.exposed_secrets"
    )


def test_help_does_not_load_numpy() -> None:
    code = "import daemon.__main__ as m\ntry: m.main(['--help'])\nexcept SystemExit: pass"
    assert "numpy" not in loaded_by(code)


def test_only_the_decoding_process_loads_ffmpeg() -> None:
    assert not loaded_by("import daemon.sound.camera, daemon.sound.sound_file") & {"av"}
    assert not loaded_by("import daemon.sound.decoding.decoder") & {"av", "numpy", "msgspec", "ssl"}


def test_replay_loads_neither_microphone_nor_broker(timbrel: Timbrel) -> None:
    done = timbrel("replay", "--json", MEDLEY, env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "soundfile" in loaded
    assert not {"sounddevice", "paho", "paho.mqtt.client", "daemon.mqtt.link", "sqlite3"} & loaded


def test_only_outbox_and_history_import_sqlite() -> None:
    folder = Path(daemon.__file__).parent
    files = [p for p in folder.rglob("*.py") if "sqlite3" in p.read_text(encoding="utf-8")]
    importing = {str(p.parent.relative_to(folder)) for p in files}
    assert importing == {"mqtt/outbox", "practice/history", "system/files"}


def test_only_the_mqtt_room_imports_paho() -> None:
    folder = Path(daemon.__file__).parent
    files = [p.relative_to(folder) for p in folder.rglob("*.py")]
    importing = {
        p
        for p in files
        if re.search("^ *(from|import) paho", (folder / p).read_text(), re.MULTILINE)
    }
    assert {p.parts[0] for p in importing} == {"mqtt"}
