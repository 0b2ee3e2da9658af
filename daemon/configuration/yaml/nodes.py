"""Parse a YAML file into nodes with line numbers, within limits of size, depth and node count."""

import re
from pathlib import Path
from typing import Any

import yaml

from daemon.errors import InputError
from daemon.system.files.bounded_file import UnreadableError, bounded_content
from daemon.system.redaction import safe_literal, without_words_before_at

# A reload must not hold up the running daemon: PyYAML takes up to a second for this size.
_MOST_BYTES = 128 * 1024
_MOST_NODES = 5_000
_DEEPEST = 20

_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
_REMEDY = "correct the YAML there"
_NO_START = re.compile(r"found character (.+) that cannot start any token\Z")
_REMEDIES = {
    "mapping values are not allowed": "correct the indentation, or quote a text with a colon in it",
    "could not find expected ':'": "write a colon and a space after each key",
    "but found another document": "remove the second ---",
    "expected <block end>": "correct the indentation, or put the whole text in quotes",
    "expected '<document start>'": "write name: value, and each section as name: with its keys "
    "indented below it",
    "expected ',' or": "close the bracket, or put a comma between its entries",
    "expected the node content": "quote the text",
    "found undefined alias": "quote a text that begins with *",
    "while scanning a quoted scalar": "close the quotes",
    "unexpected end of stream": "close the quotes",
}
_SHORTER = "shorten the file"


def compose(path: Path) -> yaml.Node | None:
    """Return the root node of a YAML file, or None if the file is empty.

    Scalars are not interpreted: their values are their texts. A character that JSON writes as two
    escapes (a surrogate pair) becomes one character. Raises InputError, with line and column where
    known, if the file cannot be read, is not YAML, exceeds the limits, uses merge keys, has an
    alias inside its own anchor, or has a key that is repeated or is not text.
    """
    return compose_text(_text(path), str(path))


def compose_text(text: str, name: str) -> yaml.Node | None:
    """Return the root node of a YAML text as `compose` does; `name` stands for it in errors."""
    try:
        return _composed(_Loader(text))
    except _RefusedError as error:
        raise InputError(f"{name}{_place(error.problem_mark)}: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"the character U+{ord(text[error.position]):04X} is not allowed"
        raise InputError(_not_yaml(f"{name}, line {line}", problem)) from None
    except yaml.MarkedYAMLError as error:
        place = f"{name}{_place(error.problem_mark or error.context_mark)}"
        raise InputError(_not_yaml(place, error.problem or str(error))) from None


def unsendable_reason(text: str) -> str | None:
    """Return why `text` cannot be sent in a message, with the remedy; None if it can."""
    if "\0" in text:
        return "a NUL character; remove it"
    if _has_surrogates(text):
        return "half of a surrogate pair; write the whole character"
    return None


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _paired(text: str) -> str:
    """Return `text` with one character for each surrogate pair."""
    if not _has_surrogates(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _composed(loader: "_Loader") -> yaml.Node | None:
    try:
        return loader.get_single_node()
    except (ValueError, ArithmeticError, LookupError) as error:
        # PyYAML parses directives and escapes with Python functions that raise these errors.
        raise yaml.MarkedYAMLError(problem=str(error), problem_mark=loader.get_mark()) from None
    finally:
        loader.dispose()


def _not_yaml(place: str, problem: str) -> str:
    line = problem.splitlines()[0]
    if match := _NO_START.match(line):
        return f"{place}: not valid YAML: {_of_first_character(match[1])}"
    remedy = next((remedy for part, remedy in _REMEDIES.items() if part in line), _REMEDY)
    return f"{place}: not valid YAML: {without_words_before_at(line)}; {remedy}"


def _of_first_character(shown: str) -> str:
    if shown == r"'\t'":
        return "a tab at the start of a token; write spaces instead of tabs"
    return f"a text cannot begin with {shown}; quote it"


def _place(mark: yaml.Mark | None) -> str:
    return "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"


def _text(path: Path) -> str:
    try:
        content = bounded_content(path, _MOST_BYTES)
    except UnreadableError as error:
        raise InputError(f"{path}: {error}; name a readable YAML file") from None
    try:
        return decoded(content)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte, encoding = error.object[error.start], _encoding(content).removesuffix("-sig")
        raise InputError(
            f"{path}, line {line}: not valid YAML: the byte 0x{byte:02x} is not "
            f"{encoding.upper()} text; save the file as UTF-8"
        ) from None


def decoded(content: bytes) -> str:
    """Return `content` as text without its byte order mark; raises UnicodeDecodeError.

    The encoding is UTF-16 if there is a byte order mark for it, else UTF-8.
    """
    return content.decode(_encoding(content))


def _encoding(content: bytes) -> str:
    return "utf-16" if content.startswith(_BYTE_ORDER_MARKS) else "utf-8-sig"


class _RefusedError(yaml.MarkedYAMLError):
    """Valid YAML that is not accepted here."""


class _Loader(yaml.BaseLoader):
    """Counts nodes, and refuses merge keys and oversized documents.

    It uses the loader in Python, because deep nesting overflows the stack of the one in C and
    crashes the process.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._nodes = 0
        self._open_anchors: set[str] = set()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self._nodes += 1
        self._refuse_if(
            self._nodes > _MOST_NODES, f"more than {_MOST_NODES} values; {_SHORTER}", event
        )
        self._refuse_if(
            self._depth >= _DEEPEST, f"nested deeper than {_DEEPEST} levels; nest less", event
        )
        if isinstance(event, yaml.AliasEvent):
            inside = event.anchor in self._open_anchors
            self._refuse_if(inside, "an alias contains itself; write the values out", event)
            return super().compose_node(parent, index)
        anchors = self._open_anchors
        self._open_anchors = anchors | ({event.anchor} if event.anchor else set())
        self._depth += 1
        node = super().compose_node(parent, index)
        if event.anchor and isinstance(node, yaml.ScalarNode) and node.style is None:
            problem = "an anchor without a value; quote a text that begins with &"
            self._refuse_if(not node.value, problem, event)
        self._depth -= 1
        self._open_anchors = anchors
        return node

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        node.value = _paired(node.value)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            is_word = isinstance(key, yaml.ScalarNode)
            self._refuse_if(
                not is_word, "a key must be text; quote a text that begins with { or [", key
            )
            is_merge = key.value == "<<" and key.style is None
            self._refuse_if(is_merge, "merge keys (<<) are not supported; write the keys out", key)
            is_known = key.value in seen
            self._refuse_if(
                is_known, f"the key {safe_literal(key.value)} appears twice; remove one", key
            )
            fault = unsendable_reason(key.value)
            self._refuse_if(
                fault is not None, f"the key {safe_literal(key.value)} has {fault}", key
            )
            seen.add(key.value)
        return node

    def _refuse_if(self, condition: bool, problem: str, where: Any) -> None:  # noqa: FBT001
        if condition:
            raise _RefusedError(problem=problem, problem_mark=where.start_mark)
