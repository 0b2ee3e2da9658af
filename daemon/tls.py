"""The configured encryption as an SSL context."""

import os
import ssl

from daemon import systemd
from daemon.errors import InputError
from daemon.settings import TlsSettings


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """The settings as a context; raises InputError for files that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
    except OSError as error:
        raise InputError(
            f"mqtt.tls.ca_file: {tls.ca_file}: {error.strerror or error}; "
            "name a readable PEM file with the broker's certificate authority"
        ) from None
    context.minimum_version = (
        ssl.TLSVersion.TLSv1_3 if tls.minimum_version == "1.3" else ssl.TLSVersion.TLSv1_2
    )
    if tls.certificate_file is not None:
        try:
            context.load_cert_chain(tls.certificate_file, _key_file(tls))
        except OSError as error:
            raise InputError(
                f"mqtt.tls.certificate_file: {tls.certificate_file}: {error.strerror or error}; "
                "name a readable PEM certificate, and its key as mqtt.tls.key_file"
            ) from None
    return context


def _key_file(tls: TlsSettings) -> str | os.PathLike[str] | None:
    """The configured key; where only root can read it, the copy that a service is handed."""
    if tls.key_file is None or os.access(tls.key_file, os.R_OK):
        return tls.key_file
    return systemd.credential(systemd.KEY_CREDENTIAL) or tls.key_file
