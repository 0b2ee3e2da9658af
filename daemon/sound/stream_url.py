"""Check the url of a camera or web radio, hide its secrets and derive FFmpeg's TLS options."""

import ssl
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from daemon.errors import InputError

_SCHEMES = ("rtsp", "rtsps", "http", "https")
_ENCRYPTED = ("rtsps", "https")
_LONGEST = 4_095  # FFmpeg truncates a longer one.
# Used if OpenSSL's own setting names no file.
_AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def parse_url(url: str) -> SplitResult:
    """Split a stream's url; raises InputError, whose text omits the url, if it is unusable."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _SCHEMES and parts.hostname and (parts.port or 0) >= 0
    except ValueError:
        usable = False
    is_plain = len(url) <= _LONGEST and all(ord(letter) > 0x20 for letter in url)  # noqa: PLR2004
    if not usable or not is_plain:
        raise InputError(
            "a source's url must be a stream's address: rtsp://, rtsps://, http:// or https:// "
            "with a host, such as rtsp://user:password@camera.local/stream"
        )
    return parts


def redacted_url(parts: SplitResult) -> str:
    """Return scheme, host and port: user, password, path and query may all be secrets."""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def tls_options(
    parts: SplitResult, *, tls_verify: bool | None, ca_file: str | None
) -> dict[str, str]:
    """Return FFmpeg's TLS options; they are always explicit, as defaults differ by version.

    https is always verified, also if a redirect from http leads to it; rtsps only if `tls_verify`
    is True. Raises InputError if the settings contradict the url or `ca_file` cannot be read.
    """
    if parts.scheme not in _ENCRYPTED and (tls_verify is not None or ca_file is not None):
        raise InputError(
            f"tls_verify and ca_file are for rtsps:// and https://; {parts.scheme}:// is not "
            "encrypted: remove them"
        )
    if parts.scheme == "rtsp":
        return {}
    if parts.scheme == "rtsps" and not tls_verify:
        if ca_file is not None:
            raise InputError("ca_file is not used without tls_verify: true; set both")
        return {"tls_verify": "0"}
    if tls_verify is False:
        raise InputError(
            "tls_verify: https:// is always verified; remove it, and for a server with a "
            "self-signed certificate set ca_file"
        )
    authorities = _readable(ca_file) if ca_file is not None else _authorities()
    return {"tls_verify": "1"} | ({"ca_file": authorities} if authorities else {})


def _readable(ca_file: str) -> str:
    try:
        with Path(ca_file).open("rb"):
            return ca_file
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"ca_file: {ca_file}: {reason}; name a readable PEM file of certificates"
        ) from None


def _authorities() -> str | None:
    """Return the system's file of trusted authorities; without one, verification always fails."""
    own = ssl.get_default_verify_paths().cafile
    return own or next((file for file in _AUTHORITIES if Path(file).exists()), None)
