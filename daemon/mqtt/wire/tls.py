"""Make the SSL context from the TLS settings."""

import os
import ssl
from pathlib import Path

from daemon.configuration.settings import TlsSettings
from daemon.errors import InputError
from daemon.system import systemd
from daemon.system.files.bounded_file import UnreadableError, bounded_content, is_pipe

_MOST_BYTES = 1024 * 1024
_REASONS = {
    "NO_CERTIFICATE_OR_CRL_FOUND": "no certificate in it",
    "KEY_VALUES_MISMATCH": "the key does not belong to the certificate",
}


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """Return an SSL context; raises InputError for files that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
    except OSError as error:
        raise InputError(
            f"mqtt.tls.ca_file: {tls.ca_file}: {_reason(error)}; "
            "name a readable PEM file with the broker's certificate authority"
        ) from None
    context.minimum_version = (
        ssl.TLSVersion.TLSv1_3 if tls.minimum_version == "1.3" else ssl.TLSVersion.TLSv1_2
    )
    if tls.certificate_file is not None:
        _load_certificate(context, tls.certificate_file, tls.key_file)
    return context


def _load_certificate(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    """Load the client certificate and its key; raises InputError."""
    copy = _key_file(key)
    where = f"mqtt.tls.key_file: {key}" if key else f"mqtt.tls.certificate_file: {certificate}"
    _require("certificate_file", certificate, certificate, "CERTIFICATE-----")
    _require(
        "key_file" if key else "certificate_file", key or certificate, copy, "PRIVATE KEY-----"
    )

    def refuse_passphrase() -> str:
        # Without this callback, OpenSSL would ask for the passphrase at the terminal.
        raise InputError(
            f"{where}: the key has a passphrase, which a service cannot enter; "
            "save the key without one: openssl pkey -in KEY -out NEW"
        )

    try:
        context.load_cert_chain(certificate, copy, refuse_passphrase)
    except OSError as error:
        raise InputError(
            f"{where}: {_reason(error)}; name the certificate as mqtt.tls.certificate_file and "
            "its own key as mqtt.tls.key_file"
        ) from None


def _require(key: str, name: str, file: str | None, mark: str) -> None:
    """Raise InputError if a PEM file lacks `mark`; a pipe passes, as it can be read only once."""
    path = Path(file or name)
    what = "certificate" if mark.startswith("CERT") else "private key"
    try:
        fault = (
            ""
            if is_pipe(path) or mark.encode() in bounded_content(path, _MOST_BYTES)
            else (f"no {what} in it")
        )
    except UnreadableError as error:
        fault = str(error)
    if fault:
        remedy = f"name a readable PEM file with the {what} as mqtt.tls."
        remedy += "certificate_file" if what == "certificate" else "key_file"
        raise InputError(f"mqtt.tls.{key}: {name}: {fault}; {remedy}")


def _reason(error: OSError) -> str:
    """Return why a file cannot be used; OpenSSL's own messages help only in known cases."""
    if isinstance(error, ssl.SSLError):
        return _REASONS.get(str(error.reason), "damaged, or not PEM")
    return error.strerror or str(error)


def _key_file(key: str | None) -> str | None:
    """Return the configured key, or systemd's copy of it if only root can read the original."""
    if key is None or os.access(key, os.R_OK):
        return key
    copy = systemd.credential(systemd.KEY_CREDENTIAL)
    return key if copy is None else str(copy)
