from model_build.evaluation.details import Details, MeasuredClip, ModelScores
from model_build.report.mistakes import worst_mistakes

FAMILIES = ("flute", "organ", "reed")


def details_of(scores: dict[str, tuple[str, str, tuple[float, ...]]]) -> Details:
    """Return details for clips by path: label, source, and the scores of one model."""
    clips = {
        path: MeasuredClip("phrase", label, (label,) if label in FAMILIES else (), source)
        for path, (label, source, _) in scores.items()
    }
    model = ModelScores(FAMILIES, {path: row for path, (*_, row) in scores.items()}, [])
    return Details(clips, {"ours": model}, [])


def test_mistakes_with_largest_margin_come_first() -> None:
    details = details_of(
        {
            "right": ("flute", "a", (0.9, 0.1, 0.1)),
            "unsure": ("flute", "b", (0.4, 0.5, 0.1)),
            "sure": ("flute", "c", (0.1, 0.9, 0.1)),
            "noise": ("noise", "d", (0.1, 0.1, 0.7)),
        }
    )
    found = worst_mistakes(details, details.models["ours"], 12)
    assert [mistake.path for mistake in found] == ["sure", "noise", "unsure"]
    assert found[0].ranked[0] == ("organ", 0.9)
    assert [round(mistake.margin, 3) for mistake in found] == [0.8, 0.7, 0.1]


def test_returns_one_mistake_per_source_and_two_per_confusion() -> None:
    rows: dict[str, tuple[str, str, tuple[float, ...]]] = {
        f"{n}": ("flute", f"{n // 2}", (0.0, 0.9 - n / 100, 0.0)) for n in range(8)
    }
    rows["other"] = ("flute", "z", (0.0, 0.0, 0.1))
    details = details_of(rows)
    found = worst_mistakes(details, details.models["ours"], 12)
    assert [mistake.path for mistake in found] == ["0", "2", "other"]
    assert len(worst_mistakes(details, details.models["ours"], 1)) == 1
