"""One YAML node as a value of the type that is expected there."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from daemon.configuration.yaml import words
from daemon.configuration.yaml.nodes import unsendable
from daemon.configuration.yaml.scalars import Base60, Octal, Scalar, plain_value
from daemon.system.redaction import shown

TAG = "tag:yaml.org,2002:"
_TAGGED: Mapping[str, tuple[type, ...]] = {
    f"{TAG}int": (int,),
    f"{TAG}float": (int, float),
    f"{TAG}bool": (bool,),
    f"{TAG}null": (type(None),),
}
_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*[^}]*\}|\{\{.*\}\}", re.DOTALL)
# Quotes make such a text literal: no other spelling exists for a login that has these characters.
_LITERAL = {"mqtt.username"}
_EXACT = 2**53
_LOGIN = re.compile(r"://.*@", re.DOTALL)


class FaultError(Exception):
    """What is wrong with one value; `remedy` None: nothing better than to correct it."""

    def __init__(self, fault: str, remedy: str | None = None) -> None:
        super().__init__(fault)
        self.remedy = remedy


def scalar(node: yaml.ScalarNode, hint: Any, key: str) -> Any:
    """The scalar as a value of the type; raises FaultError where it is none.

    The value of a key named `url` is never shown, and no other may hold an address with a login.
    """
    names = words.scalar_names(hint)
    value = _interpreted(node, names)
    is_secret = key.rpartition(".")[2] == "url"
    found = "something else" if is_secret and value is not None else _found(node, value, names)
    if isinstance(value, Base60):
        raise FaultError(
            f"expected {words.expected(hint)}, found {found}, "
            f"which YAML readers take for {value.seconds:g} or for text",
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
    if fault := unsendable(text):
        raise FaultError(f"found {found}, which has {fault}", "")
    if fault := words.fault_of(text, hint):
        raise FaultError(f"found {found}: {fault}", "")


def _refuse_variable(text: str, found: str, *, is_url: bool) -> None:
    if not _VARIABLE.search(text):
        return
    remedy = "write the text itself"
    if is_url:
        remedy += ", with %24 for a $ and %7B for a { that belong to it"
    raise FaultError(f"found {found}: variables are not replaced here", remedy)


def _octal(value: Octal, hint: Any, found: str) -> FaultError:
    from daemon.configuration.yaml import remedies

    fault = f"expected {words.expected(hint)}, found {found}"
    return FaultError(
        f"{fault}, which some YAML readers take for an octal number",
        remedies.of_octal(value),
    )


def _interpreted(node: yaml.ScalarNode, names: set[str]) -> Scalar:
    """The scalar by its tag; without one, by itself and by what is expected."""
    if node.tag in _TAGGED:
        value = plain_value(node.value)
        if not isinstance(value, _TAGGED[node.tag]):
            raise FaultError(f"{shown(node.value)} does not fit its tag", "leave the tag out")
        return value
    if node.tag != f"{TAG}str":
        raise unknown_tag(node)
    text = str(node.value)
    if node.style is None:
        return _expected_value(text, names)
    # JSON from elsewhere has numbers in quotes; where text is possible, quotes mean text.
    value = text if "str" in names else _expected_value(text, names)
    return text if value is None else value


def unknown_tag(node: yaml.Node) -> FaultError:
    """The error for a tag such as !!set."""
    tag = node.tag.replace(TAG, "!!")
    remedy = "leave it out, or quote the text if it is a part of it"
    return FaultError(f"the tag {shown(tag)} is not supported", remedy)


def _expected_value(text: str, names: set[str]) -> Scalar:
    """A scalar, read as the first expected type that fits, else by YAML's rules."""
    # A space that YAML does not know stays at the end of what is copied from a page.
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
        return shown(value) if "str" in names else f"the text {shown(value)}"
    return node.value.strip()[:60] or "nothing"


def converted(value: Any, hint: Any, found: str) -> Any:
    """The value as msgspec takes it for the type; raises FaultError in words."""
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        raise FaultError(*words.complaint(str(error), hint, found)) from None


def mismatch(node: yaml.Node, hint: Any) -> FaultError:
    """The error for a list or a mapping where the type is another."""
    from daemon.configuration.yaml import remedies

    is_list = isinstance(node, yaml.SequenceNode)
    found = "a list" if is_list else "a mapping of keys"
    remedy = remedies.of_collection(hint, is_list=is_list, is_empty=not node.value)
    return FaultError(f"expected {words.expected(hint)}, found {found}", remedy)


def is_empty(node: yaml.Node) -> bool:
    """Whether nothing stands there, not even a word for nothing."""
    return isinstance(node, yaml.ScalarNode) and node.style is None and not node.value


def is_null(node: yaml.Node) -> bool:
    """Whether nothing stands there, or a word for nothing."""
    return (
        isinstance(node, yaml.ScalarNode) and node.style is None and plain_value(node.value) is None
    )
