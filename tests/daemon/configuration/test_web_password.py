"""The page's password: only its hash is stored, and only what was stored is accepted."""

import os
from pathlib import Path

import pytest

from daemon.configuration.web_password import hash_password, read_web_password
from daemon.configuration.web_settings import WebSettings
from daemon.errors import InputError
from daemon.system import systemd


def stored(folder: Path, content: str) -> WebSettings:
    file = folder / "web-password"
    file.write_text(content)
    return WebSettings(password_file=str(file))


def test_stored_hash_matches_only_its_password(tmp_path: Path) -> None:
    line = hash_password("hörbar & laut").line()
    assert "laut" not in line
    found = read_web_password(stored(tmp_path, f"{line}\n"), {})
    assert found is not None
    assert found.matches("hörbar & laut")
    assert not found.matches("hörbar & leise")
    assert not found.matches("")


def test_same_password_has_another_hash_each_time() -> None:
    assert hash_password("the same one").line() != hash_password("the same one").line()


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_password_of_unsuitable_length_is_refused(password: str) -> None:
    with pytest.raises(InputError, match="8 to 200 characters"):
        hash_password(password)


def test_empty_file_is_no_password(tmp_path: Path) -> None:
    assert read_web_password(stored(tmp_path, "\n"), {}) is None


@pytest.mark.parametrize("content", ["open sesame", "scrypt:a:b", "scrypt::", "md5:YQ==:YQ==", "ä"])
def test_file_with_anything_else_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(
        InputError, match="not a hash; set the password with `timbrel web-password`"
    ):
        read_web_password(stored(tmp_path, content), {})


def test_missing_named_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_web_password(WebSettings(password_file=str(tmp_path / "none")), {})


def test_service_reads_the_copy_of_the_service_manager(tmp_path: Path) -> None:
    copy = tmp_path / systemd.WEB_PASSWORD_CREDENTIAL
    copy.write_text(hash_password("from the manager").line())
    environment = {**os.environ, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    found = read_web_password(WebSettings(password_file=str(tmp_path / "x")), environment)
    assert found is not None
    assert found.matches("from the manager")
