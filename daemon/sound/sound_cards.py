"""Find the kernel's sound cards in /sys, and USB cards by a name that survives replugging."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_SYS = Path("/sys")


class UsbName(NamedTuple):
    """Identifies a USB device; card numbers change, these values do not."""

    vendor: str
    """Vendor id, 4 hexadecimal digits."""
    product: str
    """Product id, 4 hexadecimal digits."""
    serial: str | None = None
    """Serial number; None matches any, and a device without one has an empty string."""

    def __str__(self) -> str:
        return ":".join(("usb", self.vendor, self.product, *([self.serial] if self.serial else [])))


def sound_cards(sys: Path = _SYS) -> frozenset[str]:
    """Return the names of all entries in /sys/class/sound; empty if it cannot be read."""
    try:
        return frozenset(entry.name for entry in (sys / "class/sound").iterdir())
    except OSError:
        return frozenset()


def usb_card(wanted: UsbName, sys: Path = _SYS) -> int | None:
    """Return the number of the card that matches `wanted`, the lowest of several, else None."""
    cards = (number for number, name in usb_cards(sys) if _is(name, wanted))
    return min(cards, default=None)


def usb_cards(sys: Path = _SYS) -> Iterator[tuple[int, UsbName]]:
    """Yield the number and name of every card that is a USB device."""
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
