"""The two ways to request a camera's sound, ordered by the one that worked last."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Self

from daemon.sound.decoding.child import DecodingError, Request

# Errors that do not depend on the setup.
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
    """The requests to try in turn for one source, beginning with the one that worked last."""

    def __init__(self, *requests: Request) -> None:
        self._requests = requests

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return the setups of `request`: audio only, then over RTSP also audio with video.

        Some cameras send audio only if video is set up as well; the video is discarded.
        """
        if not request.url.startswith("rtsp"):
            return cls(request)
        alone = replace(request, options={**request.options, "allowed_media_types": "audio"})
        return cls(alone, request)

    def __iter__(self) -> Iterator[Request]:
        """Yield the requests in the order in which to try them."""
        return iter(self._requests)

    def prefer(self, request: Request) -> None:
        """Try `request` first from now on."""
        others = (other for other in self._requests if other is not request)
        self._requests = (request, *others)


def other_setup_may_work(error: DecodingError) -> bool:
    """Return whether the other setup might succeed after this error."""
    return _FINAL_KINDS.isdisjoint(error.kinds)
