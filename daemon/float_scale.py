"""Files whose floating-point samples have the scale of integers, which other programs call loud."""

# Louder is no overshoot of sound in -1..1.
_LOUDEST = 64.0
_SCALES = (2.0**7, 2.0**15, 2.0**23, 2.0**31)


def integer_scale(peak: float) -> float | None:
    """By what to divide samples of this peak; None where they are in -1..1, or no numbers."""
    if not _LOUDEST < peak < float("inf"):
        return None
    return next((scale for scale in _SCALES if peak <= scale), None)
