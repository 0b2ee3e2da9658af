"""The units of the service: their keys, and what systemd reports about them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from daemon.system import installation, unit
from tests.conftest import ROOT, Timbrel
from tests.daemon.commands.service.test_install_service import installed_unit, unit_values

SHIPPED = ROOT / "systemd" / "timbrel.service"
HOME = Path("/home/pi/timbrel/.venv")
DEFAULT_SECRETS = {"mqtt_password": unit.PASSWORD}
MOST_EXPOSED = 1.6

needs_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def test_unit_in_repository_equals_installed_unit() -> None:
    program = Path("/opt/timbrel/.venv/bin/timbrel")
    assert unit.system_unit(program, unit.CONFIG, DEFAULT_SECRETS, []) == SHIPPED.read_text()


@pytest.mark.parametrize(("version", "expected"), [(0, []), (252, []), (253, []), (254, ["5"])])
def test_restarts_slow_down_if_systemd_supports_it(version: int, expected: list[str]) -> None:
    program = HOME / "bin" / "timbrel"
    system = unit.system_unit(program, unit.CONFIG, DEFAULT_SECRETS, [], systemd_version=version)
    user = unit.user_unit(program, unit.CONFIG, systemd_version=version)
    for text in (system, user):
        assert unit_values(text, "RestartSec") == ["3"]
        assert unit_values(text, "RestartSteps") == expected
        assert unit_values(text, "RestartMaxDelaySec") == (["10"] if expected else [])


def test_unit_hides_homes_except_needed_folders() -> None:
    program = HOME / "bin" / "timbrel"
    hidden = installation.paths_in_homes(
        [HOME, HOME / "lib" / "daemon", Path("/usr"), Path("/root/.pyenv/versions/3.12")]
    )
    assert hidden == [HOME, Path("/root/.pyenv/versions/3.12")]
    text = unit.system_unit(program, unit.CONFIG, DEFAULT_SECRETS, hidden)
    assert unit_values(text, "ProtectHome") == ["tmpfs"]
    assert unit_values(text, "BindReadOnlyPaths") == [f"{HOME} /root/.pyenv/versions/3.12"]


def systemd_version() -> int:
    done = subprocess.run(
        ["systemd-analyze", "--version"], capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[1])


@needs_analyze
def test_systemd_accepts_the_system_unit(tmp_path: Path, timbrel: Timbrel) -> None:
    strange = tmp_path / "with space, 100% and $HOME" / "bin"
    strange.mkdir(parents=True)
    program = strange / "timbrel"
    shutil.copy("/bin/true", program)
    units = {
        "here": installed_unit(timbrel, tmp_path, "--root", tmp_path / "system"),
        "strange": unit.system_unit(program, strange / "a.yaml", DEFAULT_SECRETS, [strange]),
        "port": unit.system_unit(
            program, unit.CONFIG, DEFAULT_SECRETS, [], ["ipv4:tcp:9464", "tcp:8324"]
        ),
        "urls": unit.system_unit(
            *(program, unit.CONFIG, DEFAULT_SECRETS, []),
            urls=40,
            systemd_version=systemd_version(),
        ),
    }
    for name, text in units.items():
        file = tmp_path / name / unit.NAME
        file.parent.mkdir()
        file.write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", file],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == "", name
        assert done.returncode == 0, name


@needs_analyze
def test_systemd_accepts_the_user_unit(tmp_path: Path, timbrel: Timbrel) -> None:
    file = tmp_path / unit.NAME
    file.write_text(installed_unit(timbrel, tmp_path, "--user"))
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", "--man=no", file],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@needs_analyze
@pytest.mark.parametrize("hidden", [[], [HOME]])
def test_unit_has_low_exposure_level(hidden: list[Path], tmp_path: Path) -> None:
    file = tmp_path / unit.NAME
    file.write_text(unit.system_unit(HOME / "timbrel", unit.CONFIG, DEFAULT_SECRETS, hidden))
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", file],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"exposure level for timbrel.service: ([\d.]+)", done.stdout)
    assert found, done.stdout
    assert float(found[1]) <= MOST_EXPOSED


def test_units_lack_options_that_break_sound_or_inference() -> None:
    for name in ("timbrel.service", "timbrel-user.service"):
        text = (ROOT / "daemon" / "system" / "units" / name).read_text()
        assert unit_values(text, "MemoryDenyWriteExecute") == []
        assert unit_values(text, "ProcSubset") == []
        assert unit_values(text, "PrivateDevices") == []
        assert unit_values(text, "RestartPreventExitStatus") == ["2"]
        assert unit_values(text, "Type") == ["notify"]
        # If the kernel kills a decoder that needs too much memory, systemd must not stop the rest.
        assert unit_values(text, "OOMPolicy") == ["continue"]
        assert unit_values(text, "KillMode") == ["mixed"]
