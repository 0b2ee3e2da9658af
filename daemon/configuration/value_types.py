"""Types of settings: their ranges, patterns and descriptions for error messages."""

from typing import Annotated, Literal

from msgspec import Meta

from daemon.configuration.host_name import host_fault
from daemon.configuration.yaml.type_hints import FAULT_FUNCTION

HOP_SECONDS = Meta(ge=0.25, le=4.0)

Name = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_-]+\Z", max_length=64, description="letters, digits, _ and - only"),
]
# Brokers disconnect clients that send these characters in a topic, a name or a password.
_CONTROLS = r"\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff"
TopicPrefix = Annotated[
    str,
    Meta(
        pattern=rf"^(?!\$)[^#+/{_CONTROLS}]+(/[^#+/{_CONTROLS}]+)*\Z",
        max_length=128,
        description="a plain topic such as home/music: no wildcard (+ or #), no slash at an end, "
        "no control character, and no $ at the beginning, which is reserved for brokers",
    ),
]
Host = Annotated[str, Meta(extra={FAULT_FUNCTION: host_fault})]
_PRINTABLE = rf"^[^{_CONTROLS}]+\Z"
_PRINTABLE_RULE = "text without control characters and line ends"
UserName = Annotated[str, Meta(pattern=_PRINTABLE, max_length=1000, description=_PRINTABLE_RULE)]
ClientId = Annotated[str, Meta(pattern=_PRINTABLE, max_length=64, description=_PRINTABLE_RULE)]
PageUrl = Annotated[
    str,
    Meta(
        pattern=rf"^(https?|homeassistant)://[^\s/{_CONTROLS}][^\s{_CONTROLS}]*\Z",
        max_length=1000,
        description="an address such as https://music.example/timbrel/",
    ),
]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Text = Annotated[str, Meta(min_length=1)]
DeviceName = Annotated[
    str,
    Meta(
        pattern=r"^(?!.*://)(usb:[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}(:.+)?|pulse:.+|(?!usb:|pulse:).+)\Z",
        description="default, a part of a name from timbrel devices, usb:VID:PID, "
        "usb:VID:PID:SERIAL or pulse:SOURCE; the address of a camera or a radio belongs in "
        "sources: [{name: hall, url: …}]",
    ),
]
DeviceIndex = Annotated[int, Meta(ge=0, le=9999)]
Url = Annotated[
    str,
    Meta(
        pattern=r"^(rtsps?|https?)://[^\s/]+.*\Z",
        description="an address that begins with rtsp://, rtsps://, http:// or https://",
    ),
]
Channel = Annotated[int, Meta(ge=1, le=64)]
Gate = Annotated[float, Meta(ge=-120, le=-1)]
UnitInterval = Annotated[float, Meta(gt=0, lt=1)]
# How much evidence starts an event.
Patience = Literal["quick", "normal", "sure"]
Votes = Annotated[int, Meta(ge=1, le=1000)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
PositiveSeconds = Annotated[float, Meta(gt=0, le=86_400)]
# Whole minutes; a week has 10080.
WeekMinutes = Annotated[int, Meta(ge=0, le=10_080)]
LOWEST_REFERENCE_HZ, HIGHEST_REFERENCE_HZ = 380.0, 500.0
"""The reference A4: from the lowest organs of the baroque to above every modern orchestra."""
ReferenceHz = Annotated[float, Meta(ge=LOWEST_REFERENCE_HZ, le=HIGHEST_REFERENCE_HZ)]
