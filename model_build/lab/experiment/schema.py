"""The JSON schema of an experiment, with the documentation of every key, for editors."""

import ast
import inspect
import textwrap
from typing import Any

import msgspec

from model_build.lab.experiment.ablation import Ablated
from model_build.lab.experiment.data import Data
from model_build.lab.experiment.experiment import Experiment
from model_build.lab.experiment.front_end import FrontEndSettings
from model_build.lab.experiment.model import Model
from model_build.lab.experiment.pruning import Pruning
from model_build.lab.experiment.search import Between, Search
from model_build.lab.experiment.training import Augmentation, Training
from model_build.lab.experiment.validation import Output, Validation

SECTIONS = (
    *(Experiment, Data, FrontEndSettings, Model, Training, Augmentation),
    *(Pruning, Search, Between, Ablated, Validation, Output),
)
"""The structs of an experiment file."""


def schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of an experiment file."""
    made: dict[str, Any] = msgspec.json.schema(Experiment)
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    for definition in made["$defs"].values():
        if "description" in definition:
            # Python 3.13 takes the indentation from docstrings, earlier ones do not.
            definition["description"] = inspect.cleandoc(definition["description"])
    for section in SECTIONS:
        keys = made["$defs"][section.__name__]["properties"]
        for name, text in key_texts(section).items():
            keys[name] = _described(keys[name], text)
    return made


def key_texts(section: type) -> dict[str, str]:
    """Return the text below each field of a struct, on one line."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(section))).body[0]
    assert isinstance(tree, ast.ClassDef)  # noqa: S101
    texts: dict[str, str] = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str() as below)),
            ):
                texts[name] = " ".join(below.split())
    return texts


def _described(key: dict[str, Any], text: str) -> dict[str, Any]:
    return {**key, "description": text}
