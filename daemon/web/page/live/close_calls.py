"""Find passages in which a family came close to its operating point and no event started."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

# On the scale of shown scores, whose operating point is 0.5 at the default sensitivity.
_MARGIN = 0.15
_LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class CloseCall:
    """Successive windows in which a family's score was close to its operating point, or above."""

    family: str
    """The family."""
    began: float
    """The end of the first window, in seconds."""
    ended: float
    """The end of the last window, in seconds."""
    score: float
    """The highest shown score, 0..1."""
    point: float
    """The operating point in that window, 0..1."""


class CloseCalls:
    """Follows the scores of one place; pure."""

    def __init__(self) -> None:
        self._open: dict[str, CloseCall] = {}

    def update(
        self,
        at: float,
        scores: Mapping[str, float],
        points: Mapping[str, float],
        playing: Collection[str],
    ) -> list[CloseCall]:
        """Return the close calls that the window ending at `at` seconds ends.

        `scores` and `points` are shown scores by family; `playing` are the families with an event.
        """
        done = []
        for family, score in scores.items():
            point = points[family]
            if family in playing:
                self._open.pop(family, None)
            elif score >= point - _MARGIN:
                self._extend(CloseCall(family, at, at, score, point))
                if at - self._open[family].began >= _LONGEST_SECONDS:
                    done.append(self._open.pop(family))
            elif family in self._open:
                done.append(self._open.pop(family))
        return done

    def forget(self) -> None:
        """Drop what has not ended, because the sound has."""
        self._open.clear()

    def _extend(self, new: CloseCall) -> None:
        known = self._open.get(new.family, new)
        best = new if new.score >= known.score else known
        self._open[new.family] = replace(best, began=known.began, ended=new.ended)
