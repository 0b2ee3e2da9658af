"""Slugs of labels: what topics and entity ids contain."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.hearing.contract.labels import label_fault, slugs, transliterated


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        (("10", "2", "Äolsharfe"), ["10", "2", "aolsharfe"]),
        (("kick", "synth_lead"), ["kick", "synth_lead"]),
        (("a__b", "a_b"), ["a__b", "a_b"]),
        (("Hi-Hat (open)", "Hi-Hat, open"), ["hi_hat_open", "hi_hat_open_2"]),
        (("Kick", "kick"), ["kick", "kick_2"]),
        (("kick", "Kick", "kick_2"), ["kick", "kick_2", "kick_2_2"]),
        (("三味線", "琴"), ["1", "2"]),
        (("2", "琴"), ["2", "2_2"]),
        (("!", "Straße", "Dvořák Čello", "Ørsted"), ["1", "strasse", "dvorak_cello", "orsted"]),
        (("ﬁddle", "İstanbul"), ["fiddle", "istanbul"]),
    ],
)
def test_slugs(labels: tuple[str, ...], wanted: list[str]) -> None:
    assert list(slugs(labels).values()) == wanted
    assert tuple(slugs(labels)) == labels


@given(st.lists(st.text(min_size=1, max_size=64), min_size=1, max_size=12, unique=True))
def test_slugs_differ_and_have_only_plain_characters(labels: list[str]) -> None:
    found = slugs(tuple(labels))
    assert list(found) == labels
    assert len(set(found.values())) == len(labels)
    assert all(re.fullmatch("[a-z0-9_]+", slug) for slug in found.values())


def test_transliteration_keeps_other_scripts() -> None:
    assert transliterated("Ćevap Шум") == "cevap шум"


@pytest.mark.parametrize("label", ["a\nb", " a", "a ", "\x1b[31m", "a\u2028b"])
def test_labels_that_no_class_may_have(label: str) -> None:
    assert label_fault(label, is_family=False).startswith(f"classes: {label!a} ")


@pytest.mark.parametrize("label", ["Äolsharfe", "10", "Hi-Hat (open)", "三味線", "\"'{{x}}%}"])
def test_labels_that_only_a_class_may_have(label: str) -> None:
    assert not label_fault(label, is_family=False)
    assert label_fault(label, is_family=True).startswith(f"families: {label!a}: small letters")
