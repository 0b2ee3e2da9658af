"""The argument parser of `timbrel-build`, and the text of its `--help`."""

import argparse

from daemon import __version__
from model_build.commands.beats import add_beats
from model_build.commands.chords import add_chords
from model_build.commands.genre_model import add_genre_model
from model_build.commands.harmony import add_harmony
from model_build.commands.lab import add_lab
from model_build.commands.measurements import add_evaluate, add_report
from model_build.commands.notes import add_notes
from model_build.commands.practice import add_practice
from model_build.commands.render import add_render
from model_build.commands.replace_built_in import add_replace_built_in
from model_build.commands.run_stages import (
    add_all,
    add_embedding,
    add_features,
    add_genre,
    add_quantize,
    add_thresholds,
    add_train,
)

ABOUT = """\
Makes Timbrel's model file from a corpus of labelled recordings.

A run follows a recipe (see configs/). Each stage writes its results to the run folder, so that
it can be repeated by itself. The stages, in order:

  features    add rooms, noise and microphones to the clips; write log-mel patches to disk
  train       fit the network to the patches; validate it with the held-out clips
  embedding   fit the layer that tells single instruments apart, if the recipe has one
  genre       take the base network's classes of genres, if the recipe has a genre
  quantize    convert the network to a full-int8 .tflite; measure how far its scores moved
  thresholds  calibrate the scores and set a threshold for each family
  evaluate    measure any model file on the corpus' dev clips
  report      write a run's figures as an HTML page, and the model card
  all         all of the above; the run folder then holds the model, its figures and the report

To make the new model the one that Timbrel ships with:

  replace-built-in   compare its figures with those of the built-in model, ask, and replace it

The model that recognizes notes:

  notes       train, tune or evaluate it; it follows configs/recipe-notes.yaml

For `timbrel harmonise`:

  harmony     train the network that adds voices to melodies, on chorales, and measure it

Without recordings:

  render      make a corpus of instruments (FluidSynth), voices (espeak-ng) and noise; a recipe
              with a `rendering:` section does this by itself

For the practice companion:

  chords      fit the chord network and the confidence of a key to made-up songs
  beats       make up songs (FluidSynth) and fit the small network that finds their beats
  genre-model make the model that names the genre, from YAMNet
  practice    measure notes, pitch, tuning, tempo, key and chords on annotated recordings

Models of any labelled recordings:

  lab         experiments, each described by one file; see `timbrel-build lab --help`
"""
EXAMPLES = """\
examples:
  export TIMBREL_CORPUS=~/corpus TIMBREL_YAMNET=~/yamnet.tflite
  timbrel-build all
  timbrel-build all --resume
  timbrel-build all --recipe configs/recipe-small.yaml --output small.tflite
  timbrel-build all --recipe configs/recipe-rendered.yaml
  timbrel-build evaluate small.tflite --peer yamnet.tflite --json figures.json
  timbrel-build report runs/default
  timbrel-build replace-built-in runs/default
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each sets `call`, a function of the parsed options."""
    parser = argparse.ArgumentParser(
        "timbrel-build",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"timbrel-build {__version__}")
    commands = parser.add_subparsers(metavar="STAGE", required=True)
    add_features(commands)
    add_train(commands)
    add_embedding(commands)
    add_genre(commands)
    add_quantize(commands)
    add_thresholds(commands)
    add_all(commands)
    add_evaluate(commands)
    add_report(commands)
    add_replace_built_in(commands)
    add_notes(commands)
    add_render(commands)
    add_chords(commands)
    add_beats(commands)
    add_genre_model(commands)
    add_practice(commands)
    add_harmony(commands)
    add_lab(commands)
    return parser
