"""A run of the note model as frozen settings, read from YAML."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from daemon.configuration.yaml.yaml_file import read_yaml
from model_build.notes.network_table import Layer, note_layers
from model_build.recipe import Microphone, Noise, Room
from model_build.recipe.section import Count, Fraction, Positive, Section, Share, Weight


class Pieces(Section, frozen=True):
    """The music that is made up and rendered with FluidSynth."""

    files: Count
    """Files of pieces for training; the soundfonts take turns."""
    held_files: Count
    """Files of other pieces, for tuning the note creation."""
    seconds: Positive
    """Length of a file."""


class Clips(Section, frozen=True):
    """The clips that the network sees."""

    train: Count
    """Clips for training."""
    held: Count
    """Clips for tuning the note creation; half of them in rooms."""
    frames: Count
    """Length of a training clip in frames of 20 ms."""
    held_frames: Count
    """Length of a held-back clip."""
    negative_share: Share
    """Share of clips without music: noise, speech, steady tones."""
    strung_share: Share
    """Share of clips that are strung together from recorded notes."""
    drums_share: Share
    """Share of clips with music that have drum strokes, too."""
    steady_share: Share
    """Share of negative clips that are a steady tone, such as mains hum."""
    speech_share: Share
    """Share of negative clips that are recorded speech."""
    switched_share: Share
    """Share of these steady tones that begin within the clip, most of them at once."""


class NoteTraining(Section, frozen=True):
    """How the network is fitted."""

    channels: Count
    """Channels of the network."""
    last_dilation: Annotated[int, Meta(ge=1, le=2)]
    """Dilation of the last residual block; 2 costs a frame of delay."""
    past_layers: tuple[Literal["stem", "block_1", "block_2", "block_3", "block_4", "head"], ...]
    """Layers that see no later frames, which shortens the delay."""
    epochs: Count
    """Passes over the clips."""
    batch_clips: Count
    """Clips in a batch."""
    most_steps: Count
    """Training ends after this many batches at the latest; until then, the learning rate falls."""
    learning_rate: Positive
    """Highest learning rate; it falls along a cosine."""
    weight_decay: Weight
    """Weight decay of AdamW."""
    onset_weight: Positive
    """Loss weight of the onsets; that of the activations is 1."""
    pitch_weight: Positive
    """Loss weight of the contour."""
    averaging: Fraction
    """Share of the averaged weights that is kept in each step (Polyak averaging)."""

    def layers(self) -> tuple[Layer, ...]:
        """Return the network."""
        return note_layers(self.channels, self.last_dilation, self.past_layers)


class NoteRecipe(Section, frozen=True, kw_only=True):
    """One run of the note model."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]*$", max_length=32)]
    """Name of the model and of the run folder."""
    version: Annotated[str, Meta(min_length=1, max_length=32)]
    """Version of the model."""
    seed: Annotated[int, Meta(ge=0, lt=2**31)]
    """Seed of all random numbers of the run."""
    pieces: Pieces
    """Rendered music."""
    clips: Clips
    """Clips of it, and of the corpus."""
    room: Room
    """Room impulse responses."""
    noise: Noise
    """Other sound in the room."""
    microphone: Microphone
    """Colouration and level."""
    training: NoteTraining
    """How the network is fitted."""
    block_frames: Count
    """Frames that the exported network reads at once."""
    look_ahead_frames: Annotated[int, Meta(ge=2, le=10)]
    """Frames after an onset that decide whether it is a note."""
    representative_clips: Count
    """Clips that the quantizer takes its ranges from."""

    @property
    def material_sha256(self) -> str:
        """SHA-256 of the settings that decide the clips."""
        decides = self.seed, self.pieces, self.clips, self.room, self.noise, self.microphone
        return hashlib.sha256(msgspec.json.encode(decides)).hexdigest()

    @property
    def sha256(self) -> str:
        """SHA-256 of all settings."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


def read_note_recipe(path: Path) -> NoteRecipe:
    """Read a recipe. Raises InputError naming the file and the key if it is invalid."""
    return read_yaml(path, NoteRecipe)
