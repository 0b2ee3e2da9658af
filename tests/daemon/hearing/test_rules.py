"""Rules from settings: exceptions, patience instead of votes, impossible combinations."""

from typing import Any

import msgspec
import numpy as np
import pytest

from daemon.configuration.settings import FamilySettings, TrackerSettings
from daemon.configuration.value_types import Patience
from daemon.errors import InputError
from daemon.hearing.model_file import Contract
from daemon.hearing.patience import vote_warnings
from daemon.hearing.rules import Rules, model_rules, rules, shortest_seconds
from daemon.hub.controls import Chosen, Configured, Controls
from daemon.hub.messages import Node

FAMILIES = ("flute", "guitar", "organ")
THRESHOLDS = (0.5, 0.5, 0.5)
QUICK = {"hysteresis": 0.25, "patience": "quick", "stop_after_seconds": 4.0}
SHORT = {"vote_seconds": 5.0}


def rules_of(hop_seconds: float = 1.0, **settings: Any) -> list[Rules]:
    checked = msgspec.convert(SHORT | settings, TrackerSettings)
    return rules(checked, FAMILIES, THRESHOLDS, hop_seconds)


def test_family_can_have_its_own_rules() -> None:
    settings = msgspec.structs.replace(
        msgspec.convert(QUICK, TrackerSettings),
        threshold=0.6,
        families={
            "guitar": FamilySettings(
                threshold=0.7,
                hysteresis=0.5,
                patience="sure",
                start_after_seconds=1.0,
                stop_after_seconds=20.0,
                cooldown_seconds=5.0,
            ),
            "organ": FamilySettings(patience="normal"),
        },
    )
    flute, guitar, organ = rules(settings, FAMILIES, THRESHOLDS, 1.0)
    assert flute == pytest.approx(Rules(0.6, 0.45, "quick", 0.0, 4.0, 0.0))
    assert guitar == pytest.approx(Rules(0.7, 0.35, "sure", 1.0, 20.0, 5.0))
    assert organ == flute._replace(patience="normal")


@pytest.mark.parametrize("hop_seconds", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_defaults_are_normal_at_every_hop(hop_seconds: float) -> None:
    for settings in (TrackerSettings(), TrackerSettings(votes=None, vote_seconds=6.0)):
        found = rules(settings, FAMILIES, THRESHOLDS, hop_seconds)
        assert [family.patience for family in found] == ["normal"] * len(FAMILIES)


@pytest.mark.parametrize(
    ("votes", "vote_seconds", "hop_seconds", "patience"),
    [
        (1, 6.0, 1.0, "quick"),
        (2, 6.0, 1.0, "quick"),
        (3, 6.0, 1.0, "normal"),
        (4, 6.0, 1.0, "normal"),
        (5, 6.0, 1.0, "normal"),
        (6, 6.0, 1.0, "sure"),
        (11, 6.0, 0.25, "quick"),
        (12, 6.0, 0.25, "normal"),
        (21, 6.0, 0.25, "sure"),
        (1, 4.0, 4.0, "normal"),
        (2, 8.0, 4.0, "sure"),
        (None, 3.0, 1.0, "quick"),
        (None, 7.0, 1.0, "normal"),
        (None, 12.0, 1.0, "sure"),
    ],
)
def test_votes_mean_the_patience_that_takes_as_long(
    votes: int | None, vote_seconds: float, hop_seconds: float, patience: str
) -> None:
    settings = TrackerSettings(votes=votes, vote_seconds=vote_seconds)
    found = rules(settings, FAMILIES, THRESHOLDS, hop_seconds)
    assert [family.patience for family in found] == [patience] * len(FAMILIES)


def test_patience_takes_priority_over_votes() -> None:
    settings = TrackerSettings(
        patience="sure",
        votes=1,
        families={
            "guitar": FamilySettings(patience="quick", votes=6),
            "organ": FamilySettings(votes=4),
        },
    )
    found = rules(settings, FAMILIES, THRESHOLDS, 1.0)
    assert [family.patience for family in found] == ["sure", "quick", "normal"]


@pytest.mark.parametrize(
    ("settings", "warnings"),
    [
        (TrackerSettings(votes=2), ["tracker.votes: … quick; remove them and set patience"]),
        (TrackerSettings(votes=4), ["tracker.votes: … normal; remove them"]),
        (
            TrackerSettings(vote_seconds=12.0),
            ["tracker.vote_seconds: … sure; remove them and set patience"],
        ),
        (TrackerSettings(votes=2, patience="sure"), ["tracker.votes: … sure; remove them"]),
        (
            TrackerSettings(votes=2, families={"organ": FamilySettings(votes=6)}),
            [
                "tracker.votes: … quick; remove them and set patience",
                "tracker.families.organ.votes: … sure; remove them and set patience",
            ],
        ),
        (
            TrackerSettings(
                votes=2,
                families={
                    "organ": FamilySettings(vote_seconds=3.0),
                    "guitar": FamilySettings(votes=3, patience="quick"),
                },
            ),
            [
                "tracker.votes: … quick; remove them and set patience",
                "tracker.families.organ.vote_seconds: … quick; remove them",
                "tracker.families.guitar.votes: … quick; remove them",
            ],
        ),
        (
            TrackerSettings(patience="sure", families={"organ": FamilySettings(vote_seconds=3.0)}),
            ["tracker.families.organ.vote_seconds: … quick; remove them and set patience"],
        ),
    ],
)
def test_warns_of_votes_in_one_line_a_section(
    settings: TrackerSettings, warnings: list[str]
) -> None:
    replaced = "patience replaces votes and vote_seconds; in effect now:"
    assert list(vote_warnings(settings, 1.0)) == [w.replace("…", replaced) for w in warnings]


def test_following_the_warnings_changes_no_rule() -> None:
    old = TrackerSettings(votes=2, families={"organ": FamilySettings(votes=6, threshold=0.7)})
    new = TrackerSettings(
        patience="quick", families={"organ": FamilySettings(patience="sure", threshold=0.7)}
    )
    assert rules(old, FAMILIES, THRESHOLDS, 1.0) == rules(new, FAMILIES, THRESHOLDS, 1.0)
    assert not list(vote_warnings(new, 1.0))


@pytest.mark.parametrize("hop_seconds", [0.25, 1.0, 4.0])
@pytest.mark.parametrize(
    "settings",
    [
        TrackerSettings(),
        TrackerSettings(votes=None, vote_seconds=6.0),
        TrackerSettings(vote_seconds=6.0, patience="quick"),
        TrackerSettings(families={"organ": FamilySettings(threshold=0.7, vote_seconds=6.0)}),
    ],
)
def test_does_not_warn_of_the_defaults_of_0_1(
    settings: TrackerSettings, hop_seconds: float
) -> None:
    assert not list(vote_warnings(settings, hop_seconds))


def test_zero_in_a_family_overrides_the_common_setting() -> None:
    settings = TrackerSettings(
        cooldown_seconds=9.0, families={"guitar": FamilySettings(cooldown_seconds=0, hysteresis=0)}
    )
    guitar = rules(settings, FAMILIES, THRESHOLDS, 1.0)[1]
    assert (guitar.cooldown_seconds, guitar.release) == (0, 0.5)


@pytest.mark.parametrize("threshold", [5e-324, 1e-300, 1e-45, 1e-31])
def test_silence_ends_an_event_even_with_a_tiny_threshold(threshold: float) -> None:
    settings = TrackerSettings(threshold=threshold, hysteresis=0.999)
    found = rules(settings, FAMILIES, THRESHOLDS, 1.0)
    assert all(0 < np.float32(rule.release) <= np.float32(rule.threshold) for rule in found)
    tuned = Controls(
        Node("box", "room", FAMILIES, "m", "v"), Configured(None, 6.0), Chosen(sensitivity=100.0)
    ).tuned_rules(FAMILIES, found)
    assert all(0 < np.float32(rule.release) <= np.float32(rule.threshold) for rule in tuned)


def test_default_thresholds_are_those_of_the_model() -> None:
    found = rules(TrackerSettings(), FAMILIES, (0.3, 0.5, 0.9), 1.0)
    assert [family.threshold for family in found] == [0.3, 0.5, 0.9]
    assert [family.release for family in found] == pytest.approx([0.15, 0.25, 0.45])


@pytest.mark.parametrize(
    ("settings", "hop_seconds", "message"),
    [
        (
            {"votes": 6},
            1.0,
            (
                "tracker.votes: 6 votes can never be reached, since 5 s (vote_seconds) / 1 s "
                "(hop_seconds) hold 5 windows; set votes to 5 or less, or vote_seconds to more "
                "than 5"
            ),
        ),
        (
            {"votes": 2, "vote_seconds": 4.0},
            4.0,
            (
                "tracker.votes: 2 votes can never be reached, since 4 s (vote_seconds) / 4 s "
                "(hop_seconds) hold 1 window; set votes to 1 or less, or vote_seconds to more "
                "than 4"
            ),
        ),
        (
            {"families": {"guitar": {"votes": 21}}},
            0.25,
            (
                "tracker.families.guitar.votes: 21 votes can never be reached, since 5 s "
                "(vote_seconds) / 0.25 s (hop_seconds) hold 20 windows; set votes to 20 or less, "
                "or vote_seconds to more than 5"
            ),
        ),
        (
            {"families": {"theremin": {"votes": 1}}},
            1.0,
            (
                "tracker.families.theremin: the model has no such family; it has flute, "
                "guitar, organ"
            ),
        ),
    ],
)
def test_rejects_impossible_rules_with_the_calculation(
    settings: dict[str, Any], hop_seconds: float, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        rules_of(hop_seconds, **settings)
    assert str(caught.value) == message


def test_error_names_a_familys_own_vote_seconds() -> None:
    # Only vote_seconds was set for this family, so that is the key to correct.
    with pytest.raises(InputError, match=r"^tracker\.families\.guitar\.vote") as caught:
        rules_of(votes=2, families={"guitar": {"vote_seconds": 1.0}})
    assert "1 s (vote_seconds) / 1 s (hop_seconds) hold 1 window" in str(caught.value)


@pytest.mark.parametrize(
    ("patience", "start_after_seconds", "hop_seconds", "shortest"),
    [
        # The start of the last patch that is needed, if it ends in the first window.
        ("quick", 0.0, 1.0, 1.02),
        ("normal", 0.0, 1.0, 2.02),
        ("normal", 0.0, 0.25, 2.02),
        ("normal", 3.5, 1.0, 3.02),
        # The ninth patch ends at 4.995 s.
        ("sure", 0.0, 1.0, 5.0),
        ("quick", 4.5, 0.25, 5.0),
        ("normal", 10.0, 4.0, 12.0),
    ],
)
def test_shortest_recording_contains_the_needed_patches(
    patience: Patience,
    start_after_seconds: float,
    hop_seconds: float,
    shortest: float,
    contract: Contract,
) -> None:
    settings = TrackerSettings(patience=patience, start_after_seconds=start_after_seconds)
    found = rules(settings, FAMILIES, THRESHOLDS, hop_seconds)
    assert shortest_seconds(found, contract, hop_seconds) == pytest.approx(shortest)


def test_classes_need_sound_of_two_seconds(contract: Contract) -> None:
    classes = msgspec.structs.replace(
        contract, contract_version=2, task="classes", outputs={"classes": "classes"}
    )
    for settings in (TrackerSettings(), TrackerSettings(patience="quick")):
        found = model_rules(settings, classes, 1.0)
        # From the start of the first patch of 0.975 s to that of the last.
        assert {rule.start_after_seconds for rule in found} == {2.975}
        assert shortest_seconds(found, classes, 1.0) == pytest.approx(2.02)
    longer = model_rules(TrackerSettings(start_after_seconds=10.0), classes, 1.0)
    assert {rule.start_after_seconds for rule in longer} == {10.0}
    families = model_rules(TrackerSettings(), contract, 1.0)
    assert families == rules(TrackerSettings(), FAMILIES, contract.thresholds, 1.0)


def test_unknown_class_is_refused_with_the_classes_of_the_model(contract: Contract) -> None:
    settings = TrackerSettings(families={"oboe": FamilySettings(threshold=0.5)})
    classes = msgspec.structs.replace(
        contract, contract_version=2, task="classes", outputs={"classes": "classes"}
    )
    with pytest.raises(InputError, match="oboe: the model has no such class; it has flute, guitar"):
        model_rules(settings, classes, 1.0)
