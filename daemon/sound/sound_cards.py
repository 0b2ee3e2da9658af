"""The kernel's sound cards, and the names of those that are USB devices: their numbers change."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_SYS = Path("/sys")


class UsbName(NamedTuple):
    """What tells a USB device from others: vendor and product in hexadecimal, maybe a serial."""

    vendor: str
    product: str
    serial: str | None = None

    def __str__(self) -> str:
        return ":".join(("usb", self.vendor, self.product, *([self.serial] if self.serial else [])))


def sound_cards(sys: Path = _SYS) -> frozenset[str]:
    """The names of all that belongs to sound; empty where it cannot be told."""
    try:
        return frozenset(entry.name for entry in (sys / "class/sound").iterdir())
    except OSError:
        return frozenset()


def usb_card(wanted: UsbName, sys: Path = _SYS) -> int | None:
    """The number of the card that is that USB device, the lowest where several are."""
    cards = (number for number, name in usb_cards(sys) if _is(name, wanted))
    return min(cards, default=None)


def usb_cards(sys: Path = _SYS) -> Iterator[tuple[int, UsbName]]:
    """All cards that are USB devices, with their names."""
    for card in (sys / "class/sound").glob("card*"):
        device = (card / "device").resolve()
        usb = next((p for p in (device, *device.parents) if (p / "idVendor").is_file()), None)
        number = card.name.removeprefix("card")
        if usb is None or not number.isdigit():
            continue
        name = UsbName(_text(usb / "idVendor"), _text(usb / "idProduct"), _text(usb / "serial"))
        yield int(number), name


def _is(found: UsbName, wanted: UsbName) -> bool:
    same = (found.vendor.lower(), found.product.lower()) == (
        wanted.vendor.lower(),
        wanted.product.lower(),
    )
    return same and wanted.serial in (None, found.serial)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
