"""One YAML node as a value of the type that is expected there."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from daemon import yaml_words
from daemon.redaction import shown
from daemon.yaml_document import unsendable
from daemon.yaml_scalars import Base60, Scalar, plain_value

TAG = "tag:yaml.org,2002:"
_TAGGED: Mapping[str, tuple[type, ...]] = {
    f"{TAG}int": (int,),
    f"{TAG}float": (int, float),
    f"{TAG}bool": (bool,),
    f"{TAG}null": (type(None),),
}
_LOGIN = re.compile(r"://.*@", re.DOTALL)


class FaultError(Exception):
    """What is wrong with one value."""


def scalar(node: yaml.ScalarNode, hint: Any, key: str) -> Any:
    """The scalar as a value of the type; raises FaultError where it is none.

    The value of a key named `url` is never shown, and no other may hold an address with a login.
    """
    names = yaml_words.scalar_names(hint)
    value = _interpreted(node, names)
    is_secret = key.rpartition(".")[2] == "url"
    found = "something else" if is_secret else _found(node, value, names)
    if isinstance(value, Base60):
        raise FaultError(
            f"expected {yaml_words.expected(hint)}, found {found}, "
            f"which YAML readers take for {value.seconds:g} or for text; write the number"
        )
    if isinstance(value, str) and (fault := unsendable(value)):
        raise FaultError(f"found {found}, which has {fault}")
    result = converted(value, hint, found)
    if isinstance(value, str) and (fault := yaml_words.fault_of(value, hint)):
        raise FaultError(f"found {found}: {fault}")
    if isinstance(value, str) and not is_secret and _LOGIN.search(value):
        raise FaultError("found an address with a login, which is not shown; correct it")
    return result


def _interpreted(node: yaml.ScalarNode, names: set[str]) -> Scalar:
    """The scalar by its tag; without one, by itself and by what is expected."""
    if node.tag in _TAGGED:
        value = plain_value(node.value)
        if not isinstance(value, _TAGGED[node.tag]):
            raise FaultError(f"{shown(node.value)} does not fit its tag; leave the tag out")
        return value
    if node.tag != f"{TAG}str":
        raise unknown_tag(node)
    return _expected_value(node.value, names) if node.style is None else str(node.value)


def unknown_tag(node: yaml.Node) -> FaultError:
    """The error for a tag such as !!set."""
    tag = node.tag.replace(TAG, "!!")
    return FaultError(f"the tag {shown(tag)} is not supported; leave it out")


def _expected_value(text: str, names: set[str]) -> Scalar:
    """An unquoted scalar, read as the first expected type that fits, else by YAML's rules."""
    value = plain_value(text)
    if value is None or type(value).__name__ in names:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and "float" in names:
        return value
    if "str" in names or (isinstance(value, Base60) and not names & {"int", "float"}):
        return text
    return value


def _found(node: yaml.ScalarNode, value: Scalar, names: set[str]) -> str:
    if isinstance(value, str):
        return shown(value) if "str" in names else f"the text {shown(value)}"
    return "nothing" if value is None else node.value[:60]


def converted(value: Any, hint: Any, found: str) -> Any:
    """The value as msgspec takes it for the type; raises FaultError in words."""
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        raise FaultError(yaml_words.complaint(str(error), hint, found)) from None


def mismatch(hint: Any, found: str) -> FaultError:
    """The error for a node of another kind than the type."""
    return FaultError(f"expected {yaml_words.expected(hint)}, found {found}")


def is_null(node: yaml.Node) -> bool:
    """Whether nothing stands there, or a word for nothing."""
    return (
        isinstance(node, yaml.ScalarNode) and node.style is None and plain_value(node.value) is None
    )
