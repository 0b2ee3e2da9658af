"""Errors about unusable TLS files name the file, the fault and the remedy."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from daemon.configuration.settings import TlsSettings
from daemon.errors import InputError
from daemon.mqtt.wire.tls import tls_context
from tests.conftest import ROOT
from tests.daemon.mqtt.test_link import make_certificate


class Files:
    """A certificate and its key, and files that cannot be used."""

    def __init__(self, folder: Path) -> None:
        (folder / "other").mkdir()
        self.certificate, self.key = make_certificate(folder)
        self.other_key = make_certificate(folder / "other")[1]
        self.locked = folder / "locked"
        command = ["openssl", "pkey", "-aes256", "-passout", "pass:S3cret"]
        files = ["-in", str(self.key), "-out", str(self.locked)]
        subprocess.run([*command, *files], check=True, capture_output=True)
        self.both = folder / "both"
        self.both.write_bytes(self.certificate.read_bytes() + self.key.read_bytes())
        self.text, self.absent = folder / "text", folder / "absent"
        self.text.write_text("hello")
        self.damaged = folder / "damaged"
        self.damaged.write_text("-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----\n")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("files"))


@pytest.mark.parametrize(
    ("key", "named", "fault"),
    [
        ("ca_file", {"ca_file": "absent"}, "No such file or directory; name a readable PEM file"),
        ("ca_file", {"ca_file": "text"}, "no certificate in it; name a readable PEM file"),
        ("ca_file", {"ca_file": "key"}, "no certificate in it; name a readable PEM file"),
        ("ca_file", {"ca_file": "damaged"}, "damaged, or not PEM; name a readable PEM file"),
        (
            "certificate_file",
            {"certificate_file": "absent", "key_file": "key"},
            "No such file or directory; name a readable PEM file with the certificate",
        ),
        (
            "certificate_file",
            {"certificate_file": "key", "key_file": "key"},
            "no certificate in it; name a readable PEM file with the certificate",
        ),
        (
            "certificate_file",
            {"certificate_file": "certificate"},
            "no private key in it; name a readable PEM file with the private key as mqtt.tls.key",
        ),
        (
            "key_file",
            {"certificate_file": "certificate", "key_file": "absent"},
            "No such file or directory; name a readable PEM file with the private key",
        ),
        (
            "key_file",
            {"certificate_file": "certificate", "key_file": "certificate"},
            "no private key in it; name a readable PEM file with the private key",
        ),
        (
            "key_file",
            {"certificate_file": "certificate", "key_file": "other_key"},
            "the key does not belong to the certificate; name the certificate as",
        ),
        (
            "key_file",
            {"certificate_file": "certificate", "key_file": "locked"},
            "the key has a passphrase, which a service cannot enter; save the key without one",
        ),
        (
            "key_file",
            {"certificate_file": "damaged", "key_file": "key"},
            "damaged, or not PEM; name the certificate as mqtt.tls.certificate_file",
        ),
    ],
)
def test_reports_unusable_file_with_remedy(
    key: str, named: dict[str, str], fault: str, files: Files
) -> None:
    paths = {name: str(getattr(files, file)) for name, file in named.items()}
    with pytest.raises(InputError) as caught:
        tls_context(msgspec.convert(paths, TlsSettings))
    assert str(caught.value).startswith(f"mqtt.tls.{key}: {paths[key]}: {fault}")
    assert "_ssl.c" not in str(caught.value)


def test_accepts_certificate_and_key_in_one_file(files: Files) -> None:
    tls_context(TlsSettings(certificate_file=str(files.both)))
    tls_context(TlsSettings(certificate_file=str(files.certificate), key_file=str(files.key)))


def test_does_not_prompt_for_passphrase(files: Files, tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    named = f"{{certificate_file: {files.certificate}, key_file: {files.locked}}}"
    config.write_text(f"mqtt: {{tls: {named}}}\n")
    command = f"'{sys.executable}' -m daemon check '{config}'"
    # `script` gives the command a terminal without input.
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Enter PEM pass phrase" not in done.stdout
    assert "the key has a passphrase" in done.stdout
