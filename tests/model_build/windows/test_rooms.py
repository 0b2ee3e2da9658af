from pathlib import Path

import numpy as np
import pytest

from model_build.recipe import read_recipe
from model_build.windows.rooms import Rooms, write_rooms


def test_responses_start_with_direct_sound(recipe_file: Path, tmp_path: Path) -> None:
    recipe = read_recipe(recipe_file)
    late = np.zeros(20_000, np.float32)
    late[500], late[700] = -0.5, 0.1
    write_rooms(tmp_path / "rooms.npz", recipe.room, [late], (1,), workers=1)
    measured = Rooms(tmp_path / "rooms.npz", 1.0).draw(np.random.default_rng(1))
    assert measured.shape == (16_000,)
    assert measured[0] == pytest.approx(-1.0)
    assert measured[200] == pytest.approx(0.2)
    computed = Rooms(tmp_path / "rooms.npz", 0.0).draw(np.random.default_rng(1))
    assert computed[0] == pytest.approx(1.0)
