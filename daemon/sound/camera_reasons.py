"""Explain why a camera or web radio delivers no sound, without showing its url."""

import errno

from daemon.sound.decoding.child import DecodingError

_REASONS = {
    "HTTPUnauthorizedError": "login failed; check the user name and password in its url",
    "HTTPForbiddenError": "access denied",
    "HTTPNotFoundError": "not found; correct the path of its url",
    "HTTPServerError": "server error (HTTP 5xx)",
    "ConnectionRefusedError": "connection refused",
    "ExitError": "no answer in time",
    "TimeoutError": "no answer in time",
    "InvalidDataError": "it sends no sound that can be decoded",
    "PlaylistError": (
        "it is a playlist that contains no stream over http or https; use the address of a stream"
    ),
    "NoSoundError": "it has no sound; switch its microphone on",
    "NoDecoderError": "there is no decoder for its sound; choose another format (AAC, G.711)",
    "TooManyChannelsError": "its sound has more than 64 channels",
    "UnknownHostError": "its host name cannot be resolved",
    "TooOldError": "PyAV before 16 cannot verify a certificate over rtsps; install a newer one",
    "ImportError": "PyAV cannot be loaded; install it again",
    "MemoryError": "its decoder needs too much memory",
}


def reason_of(error: DecodingError, scheme: str, *, verifies: bool, heard: bool) -> str:
    """Return why there is no sound.

    `scheme` is the url's, `verifies` is True if TLS certificates are verified, and `heard` is True
    if sound was received before the error.
    """
    for kind, words in _REASONS.items():
        if kind in error.kinds:
            return words
    if "HTTPClientError" in error.kinds and scheme.startswith("rtsp"):
        return "it sends no sound; switch its microphone on"
    if "FFmpegError" not in error.kinds:
        return f"internal error ({error.kinds[0]})"
    if error.errno == errno.EIO:
        return "the connection was lost" if heard else _no_connection(verifies=verifies)
    return error.words


def _no_connection(*, verifies: bool) -> str:
    """List the possible reasons: FFmpeg reports TLS errors and invalid data as the same error."""
    if verifies:
        return (
            "the connection failed: TLS error, certificate rejected or no audio stream; "
            "check url and ca_file"
        )
    return "the connection failed, or it sends no sound"
