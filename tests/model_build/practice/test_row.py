import pytest

from model_build.practice.row import OURS, Sheet, row_object, table_text


def test_rows_are_means_in_the_order_of_the_first_values() -> None:
    sheet = Sheet()
    sheet.put("tempo", 1.0, "a")
    sheet.put("tempo", 0.5, "a", "librosa")
    sheet.put("tempo", 0.0, "b")
    sheet.put("swells", float("nan"), "b")
    ours, theirs = sheet.rows()
    assert (ours.figure, ours.program, ours.estimate.value) == ("tempo", OURS, 0.5)
    assert (theirs.program, theirs.estimate.value, theirs.estimate.n) == ("librosa", 0.5, 1)
    first, second = table_text([ours, theirs]).splitlines()
    assert first.split() == ["tempo", OURS, "0.500", "0.000", "to", "1.000", "n", "=", "2"]
    assert "librosa" in second
    assert row_object(ours)["value"] == pytest.approx(0.5)
