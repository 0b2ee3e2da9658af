"""A run in progress."""

from dataclasses import dataclass

from model_build.harmony.material import Material
from model_build.harmony.recipe import HarmonyRecipe
from model_build.harmony.run_files import HarmonyFolder


@dataclass(frozen=True)
class Run:
    """What the stages of a run share."""

    recipe: HarmonyRecipe
    """Its settings."""
    folder: HarmonyFolder
    """Its files."""
    material: Material
    """Its chorales."""
    workers: int | None = None
    """Processes for measuring; None for one per core."""
