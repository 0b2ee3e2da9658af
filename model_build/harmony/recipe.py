"""The recipe of the harmoniser: everything that decides the result of a run."""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.configuration.yaml.yaml_file import read_yaml
from model_build.recipe.section import Count, Fraction, Positive, Section, Share, Weight


class Baseline(Section, frozen=True):
    """The hidden Markov model."""

    states: Count
    """Number of hidden states."""
    iterations: Count
    """Steps of the Baum-Welch algorithm."""
    fake_weight: Weight
    """How much a beat of a fake counts; one of a real chorale counts 1."""
    emission_prior: Weight
    """Counts of each voice's usual symbols that every state starts with."""
    transition_prior: Weight
    """Counts of transitions to all states that every state starts with."""


class Network(Section, frozen=True):
    """The size of the network."""

    channels: Count
    """Channels of the convolutions."""
    embedding: Count
    """Length of a symbol's embedding."""
    hidden: Count
    """Units of the layer before the scores of each voice."""
    dropout: Fraction
    """Share of values that are dropped in training."""


class Fit(Section, frozen=True):
    """How the network is fitted."""

    steps: Count
    """Number of batches."""
    batch_pieces: Count
    """Parts of chorales in a batch."""
    crop_beats: Count
    """Length of each part."""
    learning_rate: Positive
    """The maximum; it decays to zero along a cosine."""
    weight_decay: Weight
    """Of the AdamW optimizer."""
    fake_share: Share
    """Share of fakes in the first batches."""
    last_fake_share: Share
    """Share of fakes in the last batches."""


class CorrectionFit(Section, frozen=True):
    """How the correction of the network's scores is fitted."""

    passes: Count
    """Times that each chorale is seen, with other values dropped."""
    penalty: Weight
    """Weight of the squared weights, in nats."""


class HarmonyRecipe(Section, frozen=True, kw_only=True):
    """One run."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]*$", max_length=32)]
    """Name of the model and of the run folder."""
    version: Annotated[str, Meta(min_length=1, max_length=32)]
    """Version of the model."""
    seed: Annotated[int, Meta(ge=0, lt=2**31)]
    """Seed of all random numbers of the run."""
    baseline: Baseline
    """The model to compare with."""
    network: Network
    """The size of the network."""
    fit: Fit
    """How it is fitted."""
    correction: CorrectionFit
    """How its correction is fitted."""
    representative_beats: Count
    """Beats of training chorales that the quantizer takes its ranges from."""

    @property
    def sha256(self) -> str:
        """SHA-256 of all settings, independent of the comments and layout of the file."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


def read_harmony_recipe(path: Path) -> HarmonyRecipe:
    """Read a recipe. Raises InputError naming the file and the key if it is invalid."""
    return read_yaml(path, HarmonyRecipe)
