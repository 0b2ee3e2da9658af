"""Patches begin every half second of sound, whatever the hop, and each is due once."""

from itertools import chain

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.hearing.model_file import Contract
from daemon.hearing.patch_grid import PatchGrid, first_patch_seconds, patch_seconds
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES

WINDOW_FRAMES = 398


def due_starts(contract: Contract, hop_samples: int, seconds: int) -> list[list[float]]:
    """Return the start of each due patch in seconds, window by window."""
    grid = PatchGrid(contract)
    found = []
    for start in range(0, seconds * SAMPLE_RATE_HZ - WINDOW_SAMPLES + 1, hop_samples):
        before = 96 if start else 0
        due = grid.take(start, WINDOW_FRAMES, before)
        found.append([grid.seconds(start, first)[0] for first in due])
    return found


def test_grid_begins_with_the_first_patch_of_a_window(contract: Contract) -> None:
    first, second, third = due_starts(contract, 16_000, 6)
    assert first == pytest.approx([0.02, 0.52, 1.02, 1.52, 2.02, 2.52, 3.02])
    assert second == pytest.approx([3.52, 4.02])
    assert third == pytest.approx([4.52, 5.02])


@pytest.mark.parametrize("hop_seconds", [0.25, 0.5, 0.75, 1.0, 2.0, 3.0, 4.0])
def test_every_hop_has_the_same_patches(contract: Contract, hop_seconds: float) -> None:
    found = due_starts(contract, round(hop_seconds * SAMPLE_RATE_HZ), 28)
    assert list(chain(*found)) == pytest.approx([0.02 + 0.5 * k for k in range(55)])


@given(hop_samples=st.integers(4_000, 48_000))
def test_any_hop_has_the_same_patches_within_a_frame(contract: Contract, hop_samples: int) -> None:
    found = list(chain(*due_starts(contract, hop_samples, 40)))
    assert len(found) >= 70
    for number, start in enumerate(found):
        assert 0.0 <= start - (0.02 + 0.5 * number) < 0.01


def test_patch_is_due_with_the_first_window_that_contains_its_end(contract: Contract) -> None:
    for number, starts in enumerate(due_starts(contract, 4_000, 12)):
        ended_at = 4.0 + number * 0.25
        for start in starts:
            assert start + 0.975 <= ended_at
            assert number == 0 or start + 0.975 > ended_at - 0.25


def test_patches_of_skipped_windows_are_not_due(contract: Contract) -> None:
    grid = PatchGrid(contract)
    grid.take(0, WINDOW_FRAMES)
    due = grid.take(160_000, WINDOW_FRAMES)
    assert [grid.seconds(160_000, first)[0] for first in due] == pytest.approx(
        [10.02, 10.52, 11.02, 11.52, 12.02, 12.52, 13.02]
    )


def test_forgotten_grid_begins_with_its_first_patch_again(contract: Contract) -> None:
    grid = PatchGrid(contract)
    first = grid.take(0, WINDOW_FRAMES)
    assert grid.take(0, WINDOW_FRAMES) == []
    grid.forget()
    assert grid.take(0, WINDOW_FRAMES) == first


def test_offset_and_length_follow_the_contract(contract: Contract) -> None:
    assert first_patch_seconds(contract) == pytest.approx(0.02)
    assert patch_seconds(contract) == pytest.approx(0.975)
    later = msgspec.structs.replace(contract, patch_starts=(67, 100))
    assert first_patch_seconds(later) == pytest.approx(0.17)
    assert due_starts(later, 16_000, 4)[0][0] == pytest.approx(0.17)
