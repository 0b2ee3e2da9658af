"""An ablation as a table of text."""

from model_build.lab.ablation.ablation import Ablation, Part
from model_build.lab.run.table import value_text


def ablation_lines(ablation: Ablation) -> str:
    """Return a row for the whole experiment and for each part that was removed or replaced."""
    head = ("without", ablation.metric, "difference", "change")
    whole = ("(the whole)", value_text(ablation.whole, None), "", "")
    rows = [head, whole, *map(_row, ablation.parts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(part: Part) -> tuple[str, ...]:
    if part.problem:
        return part.name, "none", "", part.problem
    return part.name, value_text(part.value, None), _difference(part), change_text(part)


def change_text(part: Part) -> str:
    """Return what is removed or replaced, such as `no augmentation`."""
    return ", ".join(
        [
            *(f"no {key}" for key in part.change.remove),
            *(f"{key}: {value}" for key, value in part.change.replace.items()),
        ]
    )


def _difference(part: Part) -> str:
    if part.difference is None:
        return "none"
    if part.interval is None:
        return f"{part.difference:+.3f}"
    low, high = part.interval
    return f"{part.difference:+.3f} [{low:+.3f}, {high:+.3f}]"
