"""What was exported, in a few lines."""

from model_build.lab.export.agreement import Agreement
from model_build.lab.export.export import Exported

_FEWEST_SAME = 0.9
"""Share of recordings with the same class below which the export warns."""
_WARNING = (
    "  warning: the int8 model often predicts other classes than the model in the lab, so the "
    "figures of the run do not hold for this file; train it for more epochs, or try another model"
)


def export_lines(exported: Exported) -> str:
    """Return the file, its classes, and how well it agrees with `lab predict`."""
    contract = exported.contract
    side = "test" if exported.side == "test" else "training"
    scores = (
        f"{contract.activation} of each of {len(contract.patch_starts)} patches of a window, "
        f"{contract.pooling} over them"
    )
    network = exported.network
    return "\n".join(
        [
            f"{exported.path}: {exported.size_bytes / 1_000:.0f} kB, {contract.title}",
            f"  classes: {', '.join(contract.families)}",
            f"  scores: {scores}",
            f"  the same chunks in int8 as in lab predict: {_line(network, side)}",
            f"  windows of 4 s as on the box: {_line(exported.box, side)}",
            *([_WARNING] if network.same < _FEWEST_SAME * network.recordings else []),
        ]
    )


def _line(found: Agreement, side: str) -> str:
    return (
        f"{found.same} of {found.recordings} {side} recordings get the same class; scores differ "
        f"by {found.mean:.3f} on average, {found.largest:.3f} at most"
    )
