"""Convert one YAML node to a value of the expected type."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from daemon.configuration.yaml import type_hints
from daemon.configuration.yaml.nodes import unsendable_reason
from daemon.configuration.yaml.scalars import Base60, Octal, Scalar, plain_value
from daemon.system.redaction import safe_literal

TAG = "tag:yaml.org,2002:"
_TAGGED: Mapping[str, tuple[type, ...]] = {
    f"{TAG}int": (int,),
    f"{TAG}float": (int, float),
    f"{TAG}bool": (bool,),
    f"{TAG}null": (type(None),),
}
_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*[^}]*\}|\{\{.*\}\}", re.DOTALL)
# Quotes make such a text literal, because a user name with these characters has no other spelling.
_LITERAL = {"mqtt.username"}
_EXACT = 2**53
_LOGIN = re.compile(r"://.*@", re.DOTALL)


class FaultError(Exception):
    """The problem with one value; `remedy` is None if there is no specific advice."""

    def __init__(self, fault: str, remedy: str | None = None) -> None:
        super().__init__(fault)
        self.remedy = remedy


def scalar_value(node: yaml.ScalarNode, hint: Any, key: str) -> Any:
    """Return the scalar as a value of the type; raises FaultError if it does not fit.

    Errors never show the value of a key named `url`. No other key may contain an address with a
    login.
    """
    names = type_hints.scalar_names(hint)
    value = _interpreted(node, names)
    is_secret = key.rpartition(".")[2] == "url"
    found = "something else" if is_secret and value is not None else _found(node, value, names)
    if isinstance(value, Base60):
        raise FaultError(
            f"expected {type_hints.expected(hint)}, found {found}, "
            f"which YAML readers interpret as {value.seconds:g} or as text",
            "write the number",
        )
    if isinstance(value, Octal):
        raise _octal(value, hint, found)
    if isinstance(value, str):
        _refuse_text(value, hint, found)
        if node.style is None or key not in _LITERAL:
            _refuse_variable(value, found, is_url=is_secret)
    try:
        result = converted(value, hint, found)
    except FaultError as error:
        if error.remedy is None or value == "":
            from daemon.configuration.yaml import remedies

            remedy = remedies.of_scalar(value, hint, key, is_word=bool(node.value))
            error.remedy = remedy or error.remedy
        raise
    if isinstance(value, str) and not is_secret and _LOGIN.search(value):
        raise FaultError("found an address with a login, which is not shown")
    return result


def _refuse_text(text: str, hint: Any, found: str) -> None:
    if fault := unsendable_reason(text):
        raise FaultError(f"found {found}, which has {fault}", "")
    if fault := type_hints.text_fault(text, hint):
        raise FaultError(f"found {found}: {fault}", "")


def _refuse_variable(text: str, found: str, *, is_url: bool) -> None:
    if not _VARIABLE.search(text):
        return
    remedy = "write the text itself"
    if is_url:
        remedy += ", with %24 for each $ and %7B for each { in it"
    raise FaultError(f"found {found}: variables are not expanded here", remedy)


def _octal(value: Octal, hint: Any, found: str) -> FaultError:
    from daemon.configuration.yaml import remedies

    fault = f"expected {type_hints.expected(hint)}, found {found}"
    return FaultError(
        f"{fault}, which some YAML readers interpret as an octal number",
        remedies.of_octal(value),
    )


def _interpreted(node: yaml.ScalarNode, names: set[str]) -> Scalar:
    """Return the scalar's value by its tag, or without a tag, by its text and expected types."""
    if node.tag in _TAGGED:
        value = plain_value(node.value)
        if not isinstance(value, _TAGGED[node.tag]):
            raise FaultError(f"{safe_literal(node.value)} does not fit its tag", "remove the tag")
        return value
    if node.tag != f"{TAG}str":
        raise unknown_tag(node)
    text = str(node.value)
    if node.style is None:
        return _expected_value(text, names)
    # Generated JSON may have numbers in quotes. Where text is allowed, quotes mean text.
    value = text if "str" in names else _expected_value(text, names)
    return text if value is None else value


def unknown_tag(node: yaml.Node) -> FaultError:
    """Return the error for a tag such as !!set."""
    tag = node.tag.replace(TAG, "!!")
    remedy = "remove it, or quote the text if the tag is part of it"
    return FaultError(f"the tag {safe_literal(tag)} is not supported", remedy)


def _expected_value(text: str, names: set[str]) -> Scalar:
    """Return a scalar as an expected type if one fits, else by YAML's rules."""
    # Text copied from a web page may end with a space character that YAML does not strip.
    value = plain_value(text if "str" in names else text.strip())
    if value is None or type(value).__name__ in names:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and "float" in names:
        return value
    if isinstance(value, float) and "int" in names and abs(value) < _EXACT and value % 1 == 0:
        return int(value)
    is_number = isinstance(value, Base60 | Octal)
    if "str" in names or (is_number and not names & {"int", "float"}):
        return text
    return value


def _found(node: yaml.ScalarNode, value: Scalar, names: set[str]) -> str:
    if isinstance(value, str):
        return safe_literal(value) if "str" in names else f"the text {safe_literal(value)}"
    return node.value.strip()[:60] or "nothing"


def converted(value: Any, hint: Any, found: str) -> Any:
    """Return the value as msgspec converts it to the type; raises FaultError if it does not fit."""
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        raise FaultError(*type_hints.conversion_fault(str(error), hint, found)) from None


def type_mismatch(node: yaml.Node, hint: Any) -> FaultError:
    """Return the error for a list or a mapping where another type is expected."""
    from daemon.configuration.yaml import remedies

    is_list = isinstance(node, yaml.SequenceNode)
    found = "a list" if is_list else "a mapping of keys"
    remedy = remedies.of_collection(hint, is_list=is_list, is_empty=not node.value)
    return FaultError(f"expected {type_hints.expected(hint)}, found {found}", remedy)


def is_empty(node: yaml.Node) -> bool:
    """Return whether the node is a scalar without any text, not even `null`."""
    return isinstance(node, yaml.ScalarNode) and node.style is None and not node.value


def is_null(node: yaml.Node) -> bool:
    """Return whether the node is empty or a word for null."""
    return (
        isinstance(node, yaml.ScalarNode) and node.style is None and plain_value(node.value) is None
    )
