"""USB names of sound cards, found in copies of the kernel's /sys."""

from pathlib import Path

import pytest

from daemon.sound.sound_cards import UsbName, sound_cards, usb_card, usb_cards


class Sys:
    """A fake /sys with sound cards, each a symbolic link to its device."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        (folder / "class/sound").mkdir(parents=True)

    def usb(self, card: int, vendor: str, product: str, port: str, serial: str = "") -> None:
        device = self.path / f"devices/pci0000:00/0000:00:14.0/usb1/{port}"
        sound = device / f"{port}:1.0" / "sound" / f"card{card}"
        sound.mkdir(parents=True)
        (device / "idVendor").write_text(f"{vendor}\n")
        (device / "idProduct").write_text(f"{product}\n")
        if serial:
            (device / "serial").write_text(f"{serial}\n")
        (sound / "device").symlink_to("../../../" + f"{port}:1.0")
        self._link(card, sound)

    def built_in(self, card: int) -> None:
        sound = self.path / f"devices/platform/soc/bcm2835_audio/sound/card{card}"
        sound.mkdir(parents=True)
        (sound / "device").symlink_to("../../../bcm2835_audio")
        self._link(card, sound)

    def _link(self, card: int, sound: Path) -> None:
        link = self.path / f"class/sound/card{card}"
        link.symlink_to(sound)
        for extra in (f"controlC{card}", f"pcmC{card}D0c"):
            (self.path / "class/sound" / extra).mkdir()


@pytest.fixture
def sys(tmp_path: Path) -> Sys:
    sys = Sys(tmp_path)
    sys.built_in(0)
    return sys


def test_finds_a_usb_card_by_vendor_and_product(sys: Sys) -> None:
    sys.usb(1, "046d", "0825", "1-1.3")
    sys.usb(2, "0d8c", "0014", "1-1.2")
    assert usb_card(UsbName("0d8c", "0014"), sys.path) == 2
    assert usb_card(UsbName("0D8C", "0014"), sys.path) == 2
    assert usb_card(UsbName("046D", "0825"), sys.path) == 1


def test_finds_a_card_again_with_another_number_and_port(tmp_path: Path) -> None:
    for number, port in ((1, "1-1.2"), (7, "2-1")):
        sys = Sys(tmp_path / port)
        sys.usb(number, "0d8c", "0014", port)
        assert usb_card(UsbName("0d8c", "0014"), sys.path) == number


def test_distinguishes_identical_cards_by_serial(sys: Sys) -> None:
    sys.usb(1, "0d8c", "0014", "1-1.2", serial="left 1")
    sys.usb(2, "0d8c", "0014", "1-1.3", serial="right:2")
    assert usb_card(UsbName("0d8c", "0014", "right:2"), sys.path) == 2
    assert usb_card(UsbName("0d8c", "0014", "left 1"), sys.path) == 1
    assert usb_card(UsbName("0d8c", "0014", "LEFT 1"), sys.path) is None
    assert usb_card(UsbName("0d8c", "0014"), sys.path) == 1


def test_does_not_find_an_absent_card(sys: Sys) -> None:
    sys.usb(1, "0d8c", "0014", "1-1.2")
    assert usb_card(UsbName("0d8c", "0015"), sys.path) is None
    assert usb_card(UsbName("0d8d", "0014"), sys.path) is None


def test_card_names_are_valid_settings(sys: Sys) -> None:
    sys.usb(1, "046d", "0825", "1-1.3", serial="A1B2")
    sys.usb(2, "0d8c", "0014", "1-1.2")
    found = {number: str(name) for number, name in usb_cards(sys.path)}
    assert found == {1: "usb:046d:0825:A1B2", 2: "usb:0d8c:0014"}


def test_detects_an_added_card(sys: Sys) -> None:
    before = sound_cards(sys.path)
    sys.usb(1, "046d", "0825", "1-1.3")
    assert sound_cards(sys.path) - before == {"card1", "controlC1", "pcmC1D0c"}


def test_machine_without_sound_has_no_cards(tmp_path: Path) -> None:
    assert sound_cards(tmp_path) == frozenset()
    assert list(usb_cards(tmp_path)) == []
