"""Place the sound of a file in time: compute the silence that fills its gaps; no I/O."""

MOST_SILENCE_SECONDS = 3_600.0
"""Most silence inserted into one file: damaged or forged time stamps may imply years."""
# Smaller delays are no gaps: time stamps are rounded, and a recorder's clock drifts.
_TOLERANCE_SECONDS = 0.1
_ROUNDING_SECONDS = 0.005
# A decoder of WMA drops its first two frames, of up to 64 ms each.
_START_TOLERANCE_SECONDS = 0.15
# Time stamps that step back further begin a new recording, as in joined files.
_ANEW_SECONDS = 1.0


class Timeline:
    """Tracks a file's frames and finds the gaps before them.

    `starts_at` is the file's first time stamp in seconds; None if it begins with its first frame.
    """

    def __init__(self, starts_at: float | None) -> None:
        self._shift_seconds = starts_at
        """Time by the stamps minus time in the output."""
        self._heard_seconds = 0.0
        self._frame_ended_at: float | None = None
        self._is_begun = False
        self.damaged_seconds = 0.0
        """Silence inserted for damaged sound."""
        self.missing_seconds = 0.0
        """Silence inserted for gaps without known damage."""
        self.left_out_seconds = 0.0
        """Gaps not filled because they exceed MOST_SILENCE_SECONDS in total."""

    def silence_before(
        self, starts_at: float | None, *, lost_seconds: float = 0.0, is_damaged: bool = False
    ) -> float:
        """Return how many seconds of silence to insert before the frame at `starts_at`.

        `starts_at` is its time stamp in seconds, or None; `lost_seconds` of undecodable sound then
        precede it. `is_damaged` is True if sound directly before it may be damaged.
        """
        if starts_at is None:
            self._frame_ended_at = None
            return self._fill(lost_seconds, is_damaged=True)
        late_seconds = self._late_seconds(starts_at)
        step_seconds = late_seconds
        if self._frame_ended_at is not None:
            step_seconds = starts_at - self._frame_ended_at
        tolerance_seconds = _ROUNDING_SECONDS if is_damaged else _TOLERANCE_SECONDS
        if min(late_seconds - tolerance_seconds, step_seconds - _ROUNDING_SECONDS) > 0.0:
            return self._fill(late_seconds, is_damaged=is_damaged)
        return 0.0

    def add(self, starts_at: float | None, seconds: float) -> None:
        """Record a frame of `seconds` with the time stamp `starts_at`, or None."""
        self._heard_seconds += seconds
        self._frame_ended_at = None if starts_at is None else starts_at + seconds

    def _late_seconds(self, starts_at: float) -> float:
        """Return how much later than the end of the output the frame belongs."""
        if self._shift_seconds is None:
            self._shift_seconds = starts_at - self._heard_seconds
        late_seconds = starts_at - self._shift_seconds - self._heard_seconds
        least_seconds = -_ANEW_SECONDS if self._is_begun else _START_TOLERANCE_SECONDS
        self._is_begun = True
        if late_seconds <= least_seconds:
            self._shift_seconds += late_seconds
            return 0.0
        return late_seconds

    def _fill(self, seconds: float, *, is_damaged: bool) -> float:
        if self.damaged_seconds + self.missing_seconds + seconds > MOST_SILENCE_SECONDS:
            self.left_out_seconds += seconds
            if self._shift_seconds is not None:
                self._shift_seconds += seconds
            return 0.0
        if is_damaged:
            self.damaged_seconds += seconds
        else:
            self.missing_seconds += seconds
        self._heard_seconds += seconds
        return seconds
