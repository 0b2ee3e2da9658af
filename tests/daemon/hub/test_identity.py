"""The identity file: ids that never change, and announced places."""

import json
import logging
import shutil
from pathlib import Path

import pytest

from daemon.configuration.settings import MqttSettings
from daemon.errors import InputError
from daemon.hub.identity import AnnouncedPlace, identity_store, read_identity
from daemon.hub.topics import discovery_topics, id_suffix
from tests.daemon.special_files import SPECIAL
from tests.v0_1_0.make_fixture import FIXTURE

DEFAULT = MqttSettings()
OTHER = MqttSettings(topic_prefix="home/music", discovery_prefix="ha")


def test_new_box_with_the_default_prefix_has_the_ids_of_0_1_0(tmp_path: Path) -> None:
    assert read_identity(tmp_path, DEFAULT).id_suffix == ""


def test_new_boxes_with_different_prefixes_have_different_ids(tmp_path: Path) -> None:
    prefixes = ["home/music", "home/Music", "home", "music"]
    suffixes = {
        read_identity(tmp_path / str(number), MqttSettings(topic_prefix=prefix)).id_suffix
        for number, prefix in enumerate(prefixes)
    }
    assert len(suffixes) == 4
    assert "" not in suffixes


@pytest.mark.parametrize(("first", "later"), [(DEFAULT, OTHER), (OTHER, DEFAULT)])
def test_ids_do_not_change_with_the_prefix(
    first: MqttSettings, later: MqttSettings, tmp_path: Path
) -> None:
    suffix = read_identity(tmp_path, first).id_suffix
    # The outbox is created after the identity.
    (tmp_path / "outbox.sqlite").touch()
    assert read_identity(tmp_path, later).id_suffix == suffix == id_suffix(first.topic_prefix)


@pytest.mark.parametrize("file", ["outbox.sqlite", "practice-attic.json", "chosen-attic.json"])
def test_box_of_0_1_0_has_no_suffix_with_any_prefix(file: str, tmp_path: Path) -> None:
    (tmp_path / file).touch()
    assert read_identity(tmp_path, OTHER).id_suffix == ""
    assert read_identity(tmp_path, DEFAULT).id_suffix == ""


def test_places_of_0_1_0_are_read_from_file_names(tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(FIXTURE / "own" / "state", state)
    for name in ("practice-no/tes", "practice-a b", "chosen-", "practice-x.new", "practice-y"):
        (state / f"{name.replace('/', '')}.json").touch()
    identity = read_identity(state, OTHER)
    assert identity.id_suffix == ""
    names = ["notes", "piano_room", "porch", "studio", "y"]
    assert identity.places == tuple(AnnouncedPlace(name, "home/music", "ha") for name in names)


def test_rejects_a_newer_versions_file_and_leaves_it_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "identity.json"
    file.write_text('{"schema": 2, "id_suffix": "ab", "more": 1}')
    with pytest.raises(InputError, match=r"identity\.json was written by a newer Timbrel.*install"):
        read_identity(tmp_path, DEFAULT)
    assert json.loads(file.read_text())["more"] == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"schema": "one"}',
        '{"schema": 1, "id_suffix": "#"}',
        '{"schema": 1, "places": [{"name": "a b", "topic_prefix": "x", "discovery_prefix": "y"}]}',
        '{"schema": 1, "places": [{"name": "a", "topic_prefix": "#", "discovery_prefix": "y"}]}',
    ],
)
def test_moves_a_damaged_file_aside(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "identity.json").write_text(content)
    assert read_identity(tmp_path, DEFAULT).places == ()
    (line,) = caplog.messages
    assert "moved to identity.json.damaged" in line
    assert identity_store(tmp_path).read().schema == 1


@pytest.mark.parametrize("content", ["", '{"schema": 1, "id_suffix": "', "\0\0\0"])
def test_unreadable_file_leaves_ids_of_the_topic_prefix(
    content: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    suffix = read_identity(tmp_path, OTHER).id_suffix
    (tmp_path / "outbox.sqlite").touch()
    (tmp_path / "practice-attic.json").touch()
    (tmp_path / "identity.json").write_text(content)
    assert read_identity(tmp_path, OTHER).id_suffix == suffix != ""
    assert "using those of a new box with mqtt.topic_prefix home/music" in caplog.messages[-1]
    assert read_identity(tmp_path, DEFAULT).id_suffix == suffix


@pytest.mark.parametrize(("first", "later"), [(DEFAULT, OTHER), (OTHER, DEFAULT)])
def test_reads_ids_from_a_truncated_file(
    first: MqttSettings, later: MqttSettings, tmp_path: Path
) -> None:
    suffix = read_identity(tmp_path, first).id_suffix
    (tmp_path / "outbox.sqlite").touch()
    file = tmp_path / "identity.json"
    file.write_bytes(file.read_bytes()[:-10])
    assert read_identity(tmp_path, later).id_suffix == suffix


@pytest.mark.parametrize("kind", SPECIAL)
def test_does_not_read_special_files(kind: str, tmp_path: Path) -> None:
    SPECIAL[kind](tmp_path / "identity.json")
    assert read_identity(tmp_path, DEFAULT).schema == 1


def test_warns_if_the_directory_cannot_be_created(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / "file").touch()
    assert read_identity(tmp_path / "file" / "state", OTHER).id_suffix == id_suffix("home/music")
    assert caplog.messages[-1].endswith("not saved, so it will be lost at the next restart")


def test_discovery_topics_include_those_of_earlier_versions() -> None:
    plain = "homeassistant/device/timbrel_attic/config"
    suffixed = f"homeassistant/device/timbrel_attic_{id_suffix('home')}/config"
    assert discovery_topics("homeassistant", "attic", "timbrel") == [plain]
    assert discovery_topics("homeassistant", "attic", "home") == [plain, suffixed]
