"""What a user should know of a file that was decoded: damage, gaps, other tracks."""

from dataclasses import dataclass


@dataclass
class Findings:
    """What the decoder has reported.

    `tracks` is valid from the first block on, all other fields after the last one.
    """

    tracks: int = 1
    """Audio streams; one of them is decoded."""
    damaged_seconds: float = 0.0
    """Silence in the place of sound that cannot be decoded."""
    left_out_seconds: float = 0.0
    """Time that is not filled with silence, because it is too much; what follows is too early."""

    @property
    def warnings(self) -> list[str]:
        """What a user should know of it, as phrases."""
        found = []
        if self.damaged_seconds:
            seconds = max(0.1, self.damaged_seconds)
            found.append(f"damaged; {seconds:.1f} s cannot be decoded and count as silence")
        if self.left_out_seconds:
            found.append(
                f"its time stamps skip {self.left_out_seconds:.0f} s, which are left out; "
                "the times after that are too early"
            )
        if self.tracks > 1:
            found.append(f"it has {self.tracks} sound tracks; only the default one is heard")
        return found
