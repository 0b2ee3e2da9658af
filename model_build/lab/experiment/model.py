"""The section `model`: which model, its size, and what it starts from."""

from typing import Annotated, Literal

from msgspec import Meta

from model_build.recipe.section import Count, Positive, Section

CLASSICAL = ("forest", "svm", "knn", "logistic")
"""Models of scikit-learn; they get mean, deviation, lowest and highest value of each band, or the
output of a trunk."""

LAST_TRUNK_LAYER = 14
Text = Annotated[str, Meta(min_length=1)]
Kind = Literal[
    "forest",
    "svm",
    "knn",
    "logistic",
    "trunk",
    "mlp",
    "mel-cnn",
    "musicnet-cnn",
    "nsynth-cnn",
    "transformer",
    "resnet34",
    "resnet50",
]

_CONVOLUTIONAL = {"mel-cnn", "musicnet-cnn", "nsynth-cnn", "transformer", "resnet34", "resnet50"}

_KINDS_OF = {
    "trees": {"forest"},
    "neighbours": {"knn"},
    "regularisation": {"svm", "logistic"},
    "trunk": {"trunk", *CLASSICAL},
    "trunk_file": {"trunk", *CLASSICAL},
    "trunk_layer": {"trunk", *CLASSICAL},
    "fine_tuned": {"trunk"},
    "units": {"mlp", "trunk"},
    "filters": {"mel-cnn"},
    "layers": {"transformer"},
    "width": {"transformer"},
    "heads": {"transformer"},
    "pool": {"mel-cnn", "resnet34", "resnet50"},
    "weights": {"mlp", *_CONVOLUTIONAL},
    "dropout": {"mlp", "trunk", *_CONVOLUTIONAL},
}
"""The kinds of model that a key belongs to."""


class Model(Section, frozen=True, kw_only=True, omit_defaults=True):
    """A model. Raises ValueError if a key does not belong to the kind."""

    kind: Kind
    """`forest`, `svm` (RBF kernel), `knn` and `logistic` are scikit-learn's, on pooled features;
    the others are networks. `trunk` is a network that knows sound already, with a new head."""
    trees: Count | None = None
    """Number of trees of a `forest`. Default: 300."""
    neighbours: Count | None = None
    """Number of neighbours of `knn`. Default: 5."""
    regularisation: Positive | None = None
    """C of `svm` and `logistic`: the inverse of the strength of regularisation. Default: 1."""
    trunk: Literal["yamnet", "built-in"] | None = None
    """The trained network that a `trunk` begins with: YAMNet's, or the daemon's built-in model's.
    Models of scikit-learn get its output instead of pooled bands, if it is set. It needs the
    default front end with `normalisation: none`. Default of `trunk`: `yamnet`."""
    trunk_file: Text | None = None
    """YAMNet's .tflite file. Default: the environment variable TIMBREL_YAMNET."""
    trunk_layer: Annotated[int, Meta(ge=1, le=14)] | None = None
    """Layer of YAMNet whose output is used, as its mean and its highest value over time and
    bands. Default: 14, the last one; the middle ones suit sounds that YAMNet's classes do not
    tell apart."""
    fine_tuned: bool | None = None
    """True to train a `trunk` together with its head; see `training.body_rate_share`. Default:
    false: only the head is trained."""
    units: tuple[Count, ...] | None = None
    """Units of the hidden layers of an `mlp`, or of the head of a `trunk`. Default: [256, 128],
    for a `trunk` none."""
    filters: tuple[Count, ...] | None = None
    """Filters of the convolutions of a `mel-cnn`. Default: [32, 64, 128]."""
    layers: Count | None = None
    """Layers of a `transformer`. Default: 1."""
    width: Count | None = None
    """Values of a frame inside a `transformer`, a multiple of `heads`. Default: 128."""
    heads: Count | None = None
    """Attention heads of a `transformer`. Default: 4."""
    pool: Literal["mean", "max"] | None = None
    """What remains of each channel of a `mel-cnn` or ResNet: its mean or its highest value.
    Default: `mean`."""
    weights: Text | None = None
    """File of the weights that a network starts from: model.keras of a run with the same kind and
    size of model, or for `resnet50` Keras' ImageNet weights without their top (.h5). The last
    layer always starts at random. Default: random weights."""
    dropout: Annotated[float, Meta(ge=0, lt=1)] | None = None
    """Dropout rate of a network. Default: 0.3."""

    def __post_init__(self) -> None:
        for name, kinds in _KINDS_OF.items():
            if getattr(self, name) is not None and self.kind not in kinds:
                raise ValueError(
                    f"{name} belongs to {' or '.join(sorted(kinds))}, not to {self.kind}"
                )
        if self.trunk_of is None and (self.trunk_file or self.trunk_layer):
            raise ValueError("trunk_file and trunk_layer belong to trunk; set it, too")
        if self.trunk == "built-in" and self.trunk_file:
            raise ValueError("trunk_file belongs to trunk: yamnet, not to built-in")
        if self.weights and self.weights.endswith(".h5") and self.kind != "resnet50":
            raise ValueError("weights in a .h5 file belong to resnet50; give a model.keras")
        if (self.width or 128) % (self.heads or 4):
            raise ValueError("width must be a multiple of heads")

    @property
    def is_classical(self) -> bool:
        """True for a model of scikit-learn; False for a network."""
        return self.kind in CLASSICAL

    @property
    def trunk_of(self) -> str | None:
        """The trunk that is used; None if there is none."""
        return self.trunk or ("yamnet" if self.kind == "trunk" else None)

    @property
    def start(self) -> str:
        """What the model starts from, in words; empty for a model of scikit-learn on bands."""
        if self.trunk_of:
            layer = self.trunk_layer or LAST_TRUNK_LAYER
            how = "fine-tuned" if self.fine_tuned else "frozen"
            return f"layer {layer} of the {self.trunk_of} trunk, {how}"
        if self.is_classical:
            return ""
        return f"weights of {self.weights}" if self.weights else "random weights"
