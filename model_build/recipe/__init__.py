"""One training run as frozen settings, read from YAML: everything that decides the result."""

from model_build.recipe.fitting import Block, Network, Rehearsal, Teaching, Training
from model_build.recipe.recipe import Recipe, read_recipe
from model_build.recipe.sound import (
    Microphone,
    Noise,
    Patches,
    Playing,
    Rendering,
    Room,
    Windows,
)

__all__ = [
    "Block",
    "Microphone",
    "Network",
    "Noise",
    "Patches",
    "Playing",
    "Recipe",
    "Rehearsal",
    "Rendering",
    "Room",
    "Teaching",
    "Training",
    "Windows",
    "read_recipe",
]
