"""Problems found while decoding a file: damage, gaps, other tracks."""

from dataclasses import dataclass


@dataclass
class Findings:
    """The decoder's report on one file."""

    tracks: int = 1
    """Number of audio streams, of which one is decoded; valid from the first block on."""
    damaged_seconds: float = 0.0
    """Silence in place of undecodable sound; valid after the last block."""
    left_out_seconds: float = 0.0
    """Gaps too long to be filled with silence; valid after the last block."""

    @property
    def warnings(self) -> list[str]:
        """The findings as phrases for a warning."""
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
            found.append(f"it has {self.tracks} sound tracks; only the default one is used")
        return found
