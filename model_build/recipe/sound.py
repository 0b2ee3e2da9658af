"""The sections of a recipe that decide the features: which sound the windows hold."""

from typing import Annotated

from msgspec import Meta

from daemon.hearing.log_mel import FrontEnd
from daemon.sound.window import WINDOW_SAMPLES
from model_build.recipe.section import Count, Fraction, Range, Section, Share, Weight


class Rendering(Section, frozen=True):
    """A corpus that the run renders for itself, with FluidSynth and espeak-ng."""

    phrases_per_programme: Count
    """Clips of each instrument, and of each voice and noise."""
    beside_corpus: bool
    """True to learn from the recorded corpus too."""


class Patches(Section, frozen=True, omit_defaults=True):
    """The patches of a window that enter the network."""

    frames: Count
    """Length of a patch, in frames."""
    starts: Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1)]
    """First frame of each patch of a window."""
    scattered: Annotated[int, Meta(ge=0)] = 0
    """Number of patches of a training window, at random places; 0 for those of `starts`."""

    def __post_init__(self) -> None:
        whole = FrontEnd().frames_in(WINDOW_SAMPLES)
        if max(self.starts) + self.frames > whole:
            raise ValueError(f"starts: a patch ends after the {whole} frames of a window")

    @property
    def in_training(self) -> int:
        """Number of patches of a training window."""
        return self.scattered or len(self.starts)


class Windows(Section, frozen=True, omit_defaults=True):
    """The number of windows on each side of the split, and the shares of their kinds."""

    train: Count
    """Windows for training."""
    held: Count
    """Windows of clips held out of training."""
    negative_share: Fraction
    """Share of all windows in which no instrument plays."""
    mixture_share: Fraction
    """Share of all windows in which two or three families play."""
    strung_share: Share
    """Share of parts composed of single notes or drum strokes instead of a played phrase."""
    floor_share: Share
    """Share of negative windows that hold only the noise of the room and the microphone."""
    diversity_exponent: Share
    """A family is drawn in proportion to its number of sources raised to this power."""
    source_exponent: Share = 0.5
    """A source is drawn in proportion to its number of clips raised to this power."""
    duo_share: Share = 0.5
    """Share of mixtures in which two families play; in the others it is three."""
    steady_share: Share = 0.0
    """Share of negative windows that hold a steady tone, such as mains hum."""
    hard_negative_weight: Weight = 0.0
    """How much more often a negative is drawn that the base network takes for an instrument.

    A negative that the base is certain of is drawn 1 + this many times as often as others."""
    unlabelled_share: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    """Share of training windows with unlabelled music, used for distillation only."""

    def __post_init__(self) -> None:
        if self.negative_share + self.mixture_share >= 1:
            raise ValueError("negative_share + mixture_share leave no window for one family alone")


class Playing(Section, frozen=True):
    """How clips become the music of a window."""

    speed_semitones: Range
    """A clip is played faster or slower by this many semitones."""
    note_interval_seconds: Range
    """Interval between single notes that are composed to a part."""
    mixture_balance_db: Range
    """Level of each family in a mixture, against the same reference."""


class Room(Section, frozen=True):
    """Room impulse responses: simulated, and measured ones of the corpus."""

    probability: Share
    """Probability that a training window sounds through a room."""
    held_probability: Share
    """The same for held-out windows."""
    responses: Count
    """Number of simulated responses, each of another room."""
    distance_metres: Range
    """Distance between source and microphone."""
    rt60_seconds: Range
    """Reverberation time: the sound of the room falls by 60 dB."""
    measured_share: Share
    """Share of rooms that use a measured response."""


class Noise(Section, frozen=True, omit_defaults=True):
    """Other sound in the room."""

    probability: Share
    """Probability that a window with an instrument has noise, too."""
    snr_db: Range
    """The instruments against the noise, in training windows."""
    held_snr_db: Range
    """The same for held-out windows."""
    floor_dbfs: Range
    """Level of the hiss that every window has."""
    steady_share: Share = 0.0
    """Share of backgrounds that are a steady tone, such as mains hum."""


class Microphone(Section, frozen=True, omit_defaults=True):
    """The colouration and level of a microphone."""

    probability: Share
    """Probability that a window is filtered by a microphone."""
    peak_db: Range
    """Gain of each resonance."""
    high_pass_hz: Range
    """Corner frequency of the high-pass filter."""
    level_dbfs: Range
    """RMS level of the window."""
    low_pass_probability: Share = 0.0
    """Probability that the highest frequencies are missing, as after a lossy codec."""
    low_pass_hz: Range = (3500.0, 7500.0)
    """Corner frequency of that low-pass filter."""
