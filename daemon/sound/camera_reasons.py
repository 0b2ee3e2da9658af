"""Why a camera or web radio gives no sound, in words that never show its url."""

import errno

from daemon.sound.decoding.child import DecodingError

_REASONS = {
    "HTTPUnauthorizedError": "login failed; check the user name and password in its url",
    "HTTPForbiddenError": "it denies access",
    "HTTPNotFoundError": "not found there; correct the path of its url",
    "HTTPServerError": "it answers with an error of its own (5xx)",
    "ConnectionRefusedError": "connection refused",
    "ExitError": "no answer in time",
    "TimeoutError": "no answer in time",
    "InvalidDataError": "what it sends is no sound that can be decoded",
    "PlaylistError": (
        "it is a playlist that names no stream over http or https; use the address of a stream"
    ),
    "NoSoundError": "it has no sound; switch its microphone on",
    "NoDecoderError": "there is no decoder for its sound; choose another format (AAC, G.711)",
    "TooManyChannelsError": "its sound has more than 64 channels",
    "UnknownHostError": "its host's name is not found",
    "TooOldError": "PyAV before 16 cannot verify a certificate over rtsps; install a newer one",
    "ImportError": "PyAV cannot be loaded; install it again",
    "MemoryError": "its decoder needs too much memory",
}


def reason_of(error: DecodingError, scheme: str, *, verifies: bool, heard: bool) -> str:
    """Why there is no sound; `scheme` is the url's, `heard`: whether there was sound before."""
    for kind, words in _REASONS.items():
        if kind in error.kinds:
            return words
    if "HTTPClientError" in error.kinds and scheme.startswith("rtsp"):
        return "it gives no sound; switch its microphone on"
    if "FFmpegError" not in error.kinds:
        return f"internal error ({error.kinds[0]})"
    if error.errno == errno.EIO:
        return "the connection broke off" if heard else _no_connection(verifies=verifies)
    return error.words


def _no_connection(*, verifies: bool) -> str:
    """FFmpeg reports failed TLS, a rejected certificate and invalid data as the same error."""
    if verifies:
        return (
            "the connection failed: TLS error, certificate rejected or no audio stream; "
            "check url and ca_file"
        )
    return "the connection failed, or what it sends is no sound"
