"""The section `model`: which model, and its size."""

from typing import Annotated, Literal

from msgspec import Meta

from model_build.recipe.section import Count, Positive, Section

CLASSICAL = ("forest", "svm", "knn", "logistic")
"""Models of scikit-learn; they get mean, deviation, lowest and highest value of each band."""

Kind = Literal[
    "forest",
    "svm",
    "knn",
    "logistic",
    "mlp",
    "mel-cnn",
    "musicnet-cnn",
    "nsynth-cnn",
    "transformer",
    "resnet34",
    "resnet50",
]

_KINDS_OF = {
    "trees": {"forest"},
    "neighbours": {"knn"},
    "regularisation": {"svm", "logistic"},
    "units": {"mlp"},
    "filters": {"mel-cnn"},
    "layers": {"transformer"},
    "width": {"transformer"},
    "heads": {"transformer"},
    "dropout": {"mlp", "mel-cnn", "musicnet-cnn", "nsynth-cnn", "transformer", "resnet34"}
    | {"resnet50"},
}
"""The kinds of model that a key belongs to."""


class Model(Section, frozen=True, kw_only=True, omit_defaults=True):
    """A model. Raises ValueError if a key does not belong to the kind."""

    kind: Kind
    """`forest`, `svm` (RBF kernel), `knn` and `logistic` are scikit-learn's, on pooled features;
    the others are networks."""
    trees: Count | None = None
    """Number of trees of a `forest`. Default: 300."""
    neighbours: Count | None = None
    """Number of neighbours of `knn`. Default: 5."""
    regularisation: Positive | None = None
    """C of `svm` and `logistic`: the inverse of the strength of regularisation. Default: 1."""
    units: tuple[Count, ...] | None = None
    """Units of the hidden layers of an `mlp`. Default: [256, 128]."""
    filters: tuple[Count, ...] | None = None
    """Filters of the convolutions of a `mel-cnn`. Default: [32, 64, 128]."""
    layers: Count | None = None
    """Layers of a `transformer`. Default: 1."""
    width: Count | None = None
    """Values of a frame inside a `transformer`, a multiple of `heads`. Default: 128."""
    heads: Count | None = None
    """Attention heads of a `transformer`. Default: 4."""
    dropout: Annotated[float, Meta(ge=0, lt=1)] | None = None
    """Dropout rate of a network. Default: 0.3."""

    def __post_init__(self) -> None:
        for name, kinds in _KINDS_OF.items():
            if getattr(self, name) is not None and self.kind not in kinds:
                raise ValueError(
                    f"{name} belongs to {' or '.join(sorted(kinds))}, not to {self.kind}"
                )
        if (self.width or 128) % (self.heads or 4):
            raise ValueError("width must be a multiple of heads")

    @property
    def is_classical(self) -> bool:
        """True for a model of scikit-learn; False for a network."""
        return self.kind in CLASSICAL
