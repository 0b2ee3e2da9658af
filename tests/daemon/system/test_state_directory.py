from pathlib import Path

import pytest

from daemon.errors import InputError
from daemon.mqtt.outbox.moment import Moment, this_moment
from daemon.system.state_directory import DirectoryLock, state_directory
from tests.daemon.special_files import SPECIAL


@pytest.mark.parametrize(
    ("configured", "environment", "expected"),
    [
        ("/srv/timbrel", {"STATE_DIRECTORY": "/var/lib/timbrel"}, "/srv/timbrel"),
        (None, {"STATE_DIRECTORY": "/var/lib/timbrel", "HOME": "/h"}, "/var/lib/timbrel"),
        (None, {"STATE_DIRECTORY": "/var/lib/one:/var/lib/two"}, "/var/lib/one"),
        (None, {"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/timbrel"),
        (None, {"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/timbrel"),
        (None, {"HOME": "/h"}, "/h/.local/state/timbrel"),
        (None, {}, "/.local/state/timbrel"),
    ],
)
def test_configured_directory_comes_before_the_environment(
    configured: str | None, environment: dict[str, str], expected: str
) -> None:
    assert state_directory(configured, environment) == Path(expected)


def test_only_one_process_can_lock_a_directory(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "state"
    lock = DirectoryLock(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "lock").stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match=r"state\.directory: .*state: another timbrel \(process"):
        DirectoryLock(folder)
    lock.release()
    DirectoryLock(folder).release()


@pytest.mark.parametrize("kind", SPECIAL)
def test_special_file_in_place_of_the_lock_is_moved_aside(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    SPECIAL[kind](tmp_path / "lock")
    lock = DirectoryLock(tmp_path)
    assert f"lock is {kind} instead of a file: moved to lock.damaged" in caplog.text
    assert elsewhere.read_text() == "precious"
    with pytest.raises(InputError, match="another timbrel"):
        DirectoryLock(tmp_path)
    lock.release()


def test_moves_several_directories_aside(tmp_path: Path) -> None:
    for number in range(4):
        SPECIAL["a directory"](tmp_path / "lock")
        DirectoryLock(tmp_path).release()
        (tmp_path / "lock").unlink()
        assert len(list(tmp_path.glob("lock.damaged*"))) == number + 1


@pytest.mark.parametrize(
    ("since_boot", "wall"),
    [
        (float("nan"), 1.0),
        (float("inf"), 1.0),
        (-1.0, 1.0),
        (1.0, float("nan")),
        (1.0, -1.0),
        (1.0, 1e12),
        (1e11, 1.0),
    ],
)
def test_absurd_moment_is_not_possible(since_boot: float, wall: float) -> None:
    assert this_moment().is_possible
    assert Moment("boot", 0.0, 0.0).is_possible
    assert not Moment("boot", since_boot, wall).is_possible


def test_age_after_a_clock_jump_and_after_a_reboot() -> None:
    now = Moment("boot", 1000.0, 5000.0)
    assert Moment("boot", 990.0, 9000.0).age_seconds(now) == 10.0
    assert Moment("earlier", 7.0, 4900.0).age_seconds(now) == 100.0
    assert Moment("earlier", 7.0, 9000.0).age_seconds(now) == 0.0
    assert not Moment("boot", 940.0, 0.0).is_older(60.0, now)
    assert Moment("boot", 939.0, 5000.0).is_older(60.0, now)
    assert Moment("earlier", 999.0, 5000.0).is_older(60.0, now)


def test_moments_of_one_process_have_the_same_boot() -> None:
    one, other = this_moment(), this_moment()
    assert one.boot == other.boot
    assert 0.0 <= other.age_seconds(one) * -1 < 1.0
