"""Measure each level of patience on days at home: `python -m benchmarks.patience CORPUS`.

Prints the rows of the table in docs/operations.md, in Markdown. The days are those of
`timbrel-build evaluate`, made of dev clips, so this is a reading of dev: enter it in
docs/dev-readings.yaml. The days take minutes to make.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, get_args

from daemon.configuration.settings import TrackerSettings
from daemon.configuration.value_types import Patience
from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL, load_classifier
from daemon.hearing.model_file import read_contract
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.corpus.clips import read_corpus
from model_build.evaluation.dev_rows import SECOND_PATHS, divided
from model_build.evaluation.events.day_and_alarms import DAY_SECONDS, DAY_SEEDS
from model_build.evaluation.events.event_figures import EventFigures, pooled_figures
from model_build.evaluation.events.recordings import HomeDay
from model_build.evaluation.events.replay import events_of, heard_windows
from model_build.evaluation.events.replayed import Replayed, replayed
from model_build.workers import parallel_map

LEVELS: tuple[Patience, ...] = get_args(Patience)


class _Task(NamedTuple):
    model: Path
    day: HomeDay


def measured(model: Path, days: Sequence[HomeDay]) -> dict[Patience, EventFigures]:
    """Return the figures of each level of patience over all days.

    The other settings have their defaults. Raises InputError if the model file cannot be used.
    """
    tasks = [_Task(model, day) for day in days]
    by_day = list(parallel_map(_replay, tasks, label="days"))
    return {level: pooled_figures([day[level] for day in by_day]) for level in LEVELS}


def row(level: Patience, figures: EventFigures) -> str:
    """Return the first cells of a level's row in Markdown."""
    delays = (figures.message_seconds, figures.slow_message_seconds)
    median, slow = ("-" if seconds is None else f"{seconds:.1f} s" for seconds in delays)
    missed = 1.0 - figures.messages / max(1, figures.passages)
    an_hour = (count / figures.hours for count in (figures.false_events, figures.wrong_events))
    false, wrong = (f"{count:.1f}" if count < 10 else f"{count:.0f}" for count in an_hour)
    return f"| `{level}` | {median} / {slow} | {missed:.0%} | {false} | {wrong} |"


def _replay(task: _Task) -> dict[Patience, Replayed]:
    classifier = load_classifier(task.model)
    day, contract = task.day.make(), classifier.contract
    heard, seconds = heard_windows(day.samples, classifier), len(day.samples) / SAMPLE_RATE_HZ
    return {
        level: replayed(
            seconds,
            day.passages,
            events_of(
                heard,
                seconds,
                contract.families,
                contract.thresholds,
                TrackerSettings(patience=level),
            ),
        )
        for level in LEVELS
    }


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.patience", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="folder of manifest.csv")
    parser.add_argument("--model", type=Path, default=BUILT_IN_MODEL, metavar="FILE")
    options = parser.parse_args()
    try:
        contract = read_contract(options.model)
        corpus, _ = divided(read_corpus(options.corpus, contract.families), SECOND_PATHS)
        days = [HomeDay(corpus, seed, DAY_SECONDS) for seed in DAY_SEEDS]
        figures = measured(options.model, days)
    except InputError as error:
        parser.error(str(error))
    for level, of_level in figures.items():
        print(row(level, of_level))
    hours, passages = next((f.hours, f.passages) for f in figures.values())
    print(f"\n{contract.title}, {passages} passages in {hours:g} hours")
    return 0


if __name__ == "__main__":
    sys.exit(main())
