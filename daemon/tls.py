"""The configured encryption as an SSL context."""

import ssl

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
            context.load_cert_chain(tls.certificate_file, tls.key_file)
        except OSError as error:
            raise InputError(
                f"mqtt.tls.certificate_file: {tls.certificate_file}: {error.strerror or error}; "
                "name a readable PEM certificate, and its key as mqtt.tls.key_file"
            ) from None
    return context
