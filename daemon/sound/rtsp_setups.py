"""The two ways to ask a camera for its sound, and which of them worked last."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Self

from daemon.sound.decoding.child import DecodingError, Request

# A camera that answers so answers the same however it is asked.
_FINAL_KINDS = {
    "HTTPUnauthorizedError",
    "HTTPForbiddenError",
    "HTTPNotFoundError",
    "ConnectionRefusedError",
    "UnknownHostError",
    "NoDecoderError",
    "TooManyChannelsError",
    "TooOldError",
    "ImportError",
    "MemoryError",
}


class Setups:
    """The requests to try in turn for one source; the one that gave sound last comes first."""

    def __init__(self, *requests: Request) -> None:
        self._requests = requests

    @classmethod
    def of(cls, request: Request) -> Self:
        """Ask for the sound alone; over RTSP then for the picture too, which is discarded.

        Some cameras send their sound only when their picture is set up as well.
        """
        if not request.url.startswith("rtsp"):
            return cls(request)
        alone = replace(request, options={**request.options, "allowed_media_types": "audio"})
        return cls(alone, request)

    def __iter__(self) -> Iterator[Request]:
        """The requests in the order in which to try them."""
        return iter(self._requests)

    def worked(self, request: Request) -> None:
        """Try this request first from now on."""
        others = (other for other in self._requests if other is not request)
        self._requests = (request, *others)


def may_differ(error: DecodingError) -> bool:
    """Whether the camera might answer differently when it is asked in the other way."""
    return _FINAL_KINDS.isdisjoint(error.kinds)
