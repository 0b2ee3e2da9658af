"""Where the sound of a file belongs in time, with silence for what is missing; pure."""

MOST_SILENCE_SECONDS = 3_600.0
"""The most that one file's time stamps can ask for: damaged or made-up ones ask for years."""
# Sound is late only beyond these: stamps are rounded, and a recorder's clock drifts.
_TOLERANCE_SECONDS = 0.1
_ROUNDING_SECONDS = 0.005
# A decoder of WMA drops its first two frames, of up to 64 ms each.
_START_TOLERANCE_SECONDS = 0.15
# Stamps that go back further start anew, as where two recordings were joined.
_ANEW_SECONDS = 1.0


class Timeline:
    """Follows a file's frames and finds the gaps before them.

    `starts_at` is where the file begins by its time stamps, in seconds; None: with its sound.
    """

    def __init__(self, starts_at: float | None) -> None:
        self._shift_seconds = starts_at
        """Time by the stamps minus time in the sound that is heard."""
        self._heard_seconds = 0.0
        self._frame_ended_at: float | None = None
        self._is_begun = False
        self.damaged_seconds = 0.0
        self.missing_seconds = 0.0
        self.left_out_seconds = 0.0

    def silence_before(
        self, starts_at: float | None, *, lost_seconds: float = 0.0, is_damaged: bool = False
    ) -> float:
        """How many seconds of silence belong before the frame that has this time stamp.

        `lost_seconds`: how much could not be decoded before a frame without a time stamp.
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
        """Count a frame."""
        self._heard_seconds += seconds
        self._frame_ended_at = None if starts_at is None else starts_at + seconds

    def _late_seconds(self, starts_at: float) -> float:
        """How much later than what was heard up to now the frame belongs."""
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
