"""YAML files as typed structs: any content gives a struct or an InputError."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.configuration.settings import Settings
from daemon.configuration.yaml.yaml_file import read_yaml
from daemon.errors import InputError


class Inner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    size: Annotated[int, msgspec.Meta(ge=1)] = 1
    names: list[Annotated[str, msgspec.Meta(min_length=2)]] = []


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    inner: Inner = Inner()
    optional: Inner | None = None
    free: dict[str, Inner] = {}
    several: list[Inner] = []


def read(folder: Path, content: str | bytes) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_yaml(path, Recipe)


def refusals(folder: Path, content: str | bytes) -> list[str]:
    """Return the lines of the InputError without the file's name."""
    with pytest.raises(InputError) as caught:
        read(folder, content)
    file = str(folder / "recipe.yaml")
    assert all(line.startswith(file) for line in caught.value.lines)
    assert str(caught.value).splitlines() == list(caught.value.lines)
    return [line.removeprefix(file) for line in caught.value.lines]


def refusal(folder: Path, content: str | bytes) -> str:
    (line,) = refusals(folder, content)
    return line


def test_reads_a_file_as_a_struct(tmp_path: Path) -> None:
    text = "title: ü\ninner: {size: 3, names: [ab, cd]}\nfree: {x: {size: 2}}\nseveral: [{}]\n"
    expected = Recipe("ü", Inner(3, ["ab", "cd"]), None, {"x": Inner(2)}, [Inner()])
    assert read(tmp_path, text) == expected


def test_resolves_aliases(tmp_path: Path) -> None:
    text = "title: t\ninner: &base {size: 3}\noptional: *base\nfree: {x: *base}\n"
    assert read(tmp_path, text) == Recipe("t", Inner(3), Inner(3), {"x": Inner(3)})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("title: t\ninner: &a {size: 3}\noptional: {<<: *a}", ", line 3, column 12: "),
        ("title: t\ninner: {<<: {size: 3}}", ", line 2, column 9: "),
        ("<<: {title: t}", ", line 1, column 1: "),
    ],
)
def test_rejects_a_merge_key(text: str, place: str, tmp_path: Path) -> None:
    message = "merge keys (<<) are not supported; write the keys out"
    assert refusal(tmp_path, text) == place + message


def test_quoted_merge_key_is_an_ordinary_key(tmp_path: Path) -> None:
    assert read(tmp_path, "title: t\nfree: {'<<': {}}").free == {"<<": Inner()}


def test_missing_key_without_a_default_is_reported(tmp_path: Path) -> None:
    assert refusal(tmp_path, "inner: {}") == ": title: missing; this key has no default"
    assert refusal(tmp_path, "") == ": title: missing; this key has no default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optional: {size: 0}", "optional.size: expected a whole number >= 1, found 0;"),
        ("free: {a: {}, b: {size: 0}}", "free.b.size: expected a whole number >= 1, found 0;"),
        ("several: [{}, {size: 0}]", "several.1.size: expected a whole number >= 1, found 0;"),
        ("inner: {names: [ab, c]}", "inner.names.1: expected text of length >= 2, found 'c';"),
        ("inner: {nmes: []}", "inner.nmes: unknown key; did you mean names?"),
        ("several: [{nmes: []}]", "several.0.nmes: unknown key; did you mean names?"),
    ],
)
def test_error_names_the_line_and_path_of_the_key(text: str, message: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, f"title: t\n{text}").startswith(f", line 2: {message}")
    assert refusal(tmp_path, f"\n# one\n{text}\ntitle: t").startswith(f", line 3: {message}")


def test_errors_are_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        "inner:\n  size: 0\n  names:\n    - a\n    - ab\n    - b\n"
        "free: {x: {size: y}}\nspare: 1\nseveral: 3\n"
    )
    default = "correct it, or remove it for the default"
    entries = "write its entries below it, each with a dash before its keys"
    assert refusals(tmp_path, text) == [
        ": title: missing; this key has no default",
        f", line 2: inner.size: expected a whole number >= 1, found 0; {default}",
        ", line 4: inner.names.0: expected text of length >= 2, found 'a'; correct it",
        ", line 6: inner.names.2: expected text of length >= 2, found 'b'; correct it",
        f", line 7: free.x.size: expected a whole number, found the text 'y'; {default}",
        ", line 8: spare: unknown key; known here: title, inner, optional, free, several",
        f", line 9: several: expected a list, found 3; {entries}",
    ]


def test_reports_the_first_20_errors_and_counts_the_rest(tmp_path: Path) -> None:
    lines = refusals(tmp_path, "title: t\n" + "".join(f"x{n}: 1\n" for n in range(100)))
    assert len(lines) == 21
    assert lines[0].startswith(", line 2: x0: unknown key")
    assert lines[-1] == ": 80 more errors; correct these first"


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: Annotated[str, msgspec.Meta(pattern=r"^rtsp://", description="rtsp://")] = "rtsp://"
    kind: Literal["a", "b"] = "a"
    size: int = 1


@pytest.mark.parametrize(
    "text",
    [
        "url: rtsp:/me:S3cret@camera/x",
        "url: http://camera/x?password=S3cret",
        "kind: rtsp://me:S3cret@camera/x",
        "size: rtsp://me:S3cret@camera/x",
        "{url:rtsp://me:S3cret@camera/x}",
        "rtsp://me:S3cret@camera/x: 1",
        "url: @me:S3cret@camera",
        "url: %me:S3cret@camera",
        "url: *me:S3cret@camera",
        "- rtsp://me:S3cret@camera/x",
        "rtsp://me:S3cret@camera/x",
        "url: 'rtsp://me:S3cret@camera/x",
        "x: {? rtsp://me:S3cret@c, ? rtsp://me:S3cret@c}",
    ],
)
def test_error_about_an_invalid_address_does_not_show_its_password(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "place.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_yaml(path, Place)
    assert str(caught.value).startswith(str(path))
    assert "S3cret" not in str(caught.value)


@pytest.mark.parametrize("key", ["title", "free: {x: {names: [ab, KEY]}}"])
def test_rejects_an_address_with_a_login_in_any_text(key: str, tmp_path: Path) -> None:
    address = "'mqtt://me:S3 cret@broker'"
    text = key.replace("KEY", address) if "KEY" in key else f"{key}: {address}"
    lines = refusals(tmp_path, f"inner: {{}}\n{text}\n")
    assert "found an address with a login, which is not shown" in lines[-1]
    assert "cret" not in "".join(lines)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("title: [1\n", "line 2, column 1"),
        ("title: t\ninner: {size: 1\n", "line 3, column 1"),
        ("title: t\n\tinner: 1", "line 2, column 1: not valid YAML: a tab"),
        ('title: t\ninner: "\\U00110000"', "line 2"),
        ("%YAML 1.x\n--- {}", "line 1"),
        ("title: 'open\n", "line 2, column 1"),
        ("title: *nobody", "line 1, column 8"),
        ("title: t\ninner: size: 1", "line 2, column 12"),
        ("a\n---\nb", "line 2, column 1"),
    ],
)
def test_rejects_invalid_yaml_with_line_and_column(text: str, place: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, text)
    assert place in message
    assert "not valid YAML" in message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("title: a\ntitle: b", "line 2, column 1"),
        ("title: a\ninner:\n  size: 1\n  names: []\n  size: 2", "line 5, column 3"),
        ('title: a\n"title": b', "line 2, column 1"),
        ("title: a\nfree: {x: {}, y: {}, x: {}}", "line 2, column 22"),
    ],
)
def test_rejects_a_repeated_key(text: str, place: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, text)
    assert place in message
    assert "appears twice" in message


def test_accepts_the_same_key_in_two_mappings(tmp_path: Path) -> None:
    assert read(tmp_path, "title: t\nfree: {x: {size: 1}, y: {size: 1}}").free.keys() == {"x", "y"}


@pytest.mark.parametrize(
    "text",
    [
        "&a [*a]",
        "&a {title: *a}",
        "title: t\ninner: &a {names: *a}",
        "title: t\nfree: &a {x: *a}",
        "title: t\nseveral: &a [*a]",
        "title: t\nfree: &a {x: {size: 0}, y: *a}",
    ],
)
def test_rejects_an_alias_that_contains_itself(text: str, tmp_path: Path) -> None:
    refusal(tmp_path, text)


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)),
        b"\x00\x01\x02",
        b"\xff\xfe\x00",
        b"\x80abc: 1",
        b"title: \xff",
        b"PK\x03\x04" + bytes(100),
        b"\x89PNG\r\n\x1a\n",
        b"\x7fELF\x02\x01\x01",
    ],
)
def test_rejects_binary_content(content: bytes, tmp_path: Path) -> None:
    assert ": not valid YAML: the " in refusal(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    ["\ufefftitle: ü".encode(), "\ufefftitle: ü".encode("utf-16-le"), "title: ü".encode("utf-16")],
)
def test_reads_files_with_a_byte_order_mark(content: bytes, tmp_path: Path) -> None:
    assert read(tmp_path, content).title == "ü"


def test_rejects_latin_1_with_the_line(tmp_path: Path) -> None:
    content = "title: t\n# Küche\n".encode("latin-1")
    assert refusal(tmp_path, content) == (
        ", line 2: not valid YAML: the byte 0xfc is not UTF-8 text; save the file as UTF-8"
    )


def test_rejects_a_control_character_with_the_line(tmp_path: Path) -> None:
    message = "not valid YAML: the character U+0007 is not allowed; correct the YAML there"
    assert refusal(tmp_path, "title: t\n# \x07\n") == f", line 2: {message}"


class Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str = ""
    whole: int = 0
    number: float = 0.0
    choice: Literal["1.2", "3.1.1", "5"] = "5"
    truth: bool = False
    either: str | int = 0
    maybe: str | None = None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text: 12", Kinds(text="12")),
        ("text: 1:30", Kinds(text="1:30")),
        ("text: 12:30:00", Kinds(text="12:30:00")),
        ("text: 010", Kinds(text="010")),
        ("text: no", Kinds(text="no")),
        ("text: 2024-01-01", Kinds(text="2024-01-01")),
        ("text: 2001-99-99", Kinds(text="2001-99-99")),
        ("text: 1e400", Kinds(text="1e400")),
        ("text: 0x_", Kinds(text="0x_")),
        (f"text: {'9' * 5_000}", Kinds(text="9" * 5_000)),
        ("text: !!str 12", Kinds(text="12")),
        ("text: =", Kinds(text="=")),
        ('text: "\\ud83c\\udfb8 \\ud83e\\udd41!"', Kinds(text="\U0001f3b8 \U0001f941!")),
        ("text: <<", Kinds(text="<<")),
        ("choice: 5", Kinds(choice="5")),
        ("choice: 1.2", Kinds(choice="1.2")),
        ("either: 7", Kinds(either=7)),
        ("either: '7'", Kinds(either="7")),
        ("either: 1.5", Kinds(either="1.5")),
        ("either: yes", Kinds(either="yes")),
        ("either: 1:30", Kinds(either="1:30")),
        ("maybe: ~", Kinds(maybe=None)),
        ("maybe:", Kinds(maybe=None)),
        ("maybe: off", Kinds(maybe="off")),
        ("maybe: 'null'", Kinds(maybe="null")),
        ("whole: 0", Kinds(whole=0)),
        ("whole: 0x1F", Kinds(whole=31)),
        ("whole: 0b11", Kinds(whole=3)),
        ("whole: 1_000", Kinds(whole=1000)),
        ("whole: +3", Kinds(whole=3)),
        ("whole: '3'", Kinds(whole=3)),
        ('whole: " 3 "', Kinds(whole=3)),
        ("whole: 3\u00a0", Kinds(whole=3)),
        ("whole: 3.0", Kinds(whole=3)),
        ("whole: 1e3", Kinds(whole=1000)),
        ("whole: -5e-0", Kinds(whole=-5)),
        ("whole: !!int '3'", Kinds(whole=3)),
        ("number: 3", Kinds(number=3.0)),
        ("number: 1e3", Kinds(number=1000.0)),
        ("number: 5e-1", Kinds(number=0.5)),
        ("number: '0.5'", Kinds(number=0.5)),
        ("number: 00.5", Kinds(number=0.5)),
        ("number: -.5", Kinds(number=-0.5)),
        ("number: 1_0.5", Kinds(number=10.5)),
        ("number: .inf", Kinds(number=float("inf"))),
        ("truth: yes", Kinds(truth=True)),
        ("truth: on", Kinds(truth=True)),
        ("truth: Off", Kinds(truth=False)),
        ("truth: 'yes'", Kinds(truth=True)),
        ('truth: "false"', Kinds(truth=False)),
    ],
)
def test_reads_a_scalar_as_the_expected_type(text: str, expected: Kinds, tmp_path: Path) -> None:
    path = tmp_path / "kinds.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_yaml(path, Kinds) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("number: 1:30", ["number: expected a number, found 1:30", "90"]),
        ("whole: 12:30:00", ["whole: expected a whole number, found 12:30:00", "45000"]),
        (f"whole: 1{':59' * 200}", ["whole: expected a whole number, found the text '1:59:59"]),
        (f"number: 1{':59' * 200}.5", ["number: expected a number"]),
        ("truth: 1:30", ["truth: expected true or false, found the text '1:30'"]),
        ("whole: 0x_", ["whole: expected a whole number, found the text '0x_'"]),
        ("whole: 08", ["whole: expected a whole number, found 08, which some YAML", "; write 8"]),
        (
            "whole: 010",
            ["found 010, which some YAML readers interpret as an octal", "write 10 or 8"],
        ),
        ("whole: 0o10", ["found 0o10, which some YAML readers interpret as an octal", "; write 8"]),
        (
            "whole: -0_7",
            ["found -0_7, which some YAML readers interpret as an octal", "; write -7"],
        ),
        ("number: 01", ["number: expected a number, found 01, which some YAML", "; write 1"]),
        ("whole: 0_", ["whole: expected a whole number, found the text '0_'"]),
        ("whole: 1e400", ["whole: expected a whole number, found 1e400"]),
        ("whole: 1e300", ["whole: expected a whole number, found 1e300"]),
        ("whole: .inf", ["whole: expected a whole number, found .inf"]),
        ("whole: '8.5'", ["whole: expected a whole number, found 8.5"]),
        ("whole: ''", ["whole: expected a whole number, found the text ''"]),
        ("whole: 'null'", ["whole: expected a whole number, found the text 'null'"]),
        ("whole: 8.5", ["whole: expected a whole number, found 8.5"]),
        ("whole: true", ["whole: expected a whole number, found true"]),
        (f"whole: {'9' * 5_000}", ["whole: expected a whole number, found the text '999"]),
        (f"whole: 0x{'f' * 5_000}", ["whole: expected a whole number, found the text '0xfff"]),
        (f"number: 1{'0' * 390}", ["number: number out of range, found 1000"]),
        ("number: 2024-01-01", ["number: expected a number, found the text '2024-01-01'"]),
        ("whole:", ["whole: expected a whole number, found nothing"]),
        ("text: ~", ["text: expected text, found ~; quote it if it is text, or remove the key"]),
        ("text: null", ["text: expected text, found null; quote it if it is text, or remove"]),
        ("text:", ["text: expected text, found nothing"]),
        ("text: &x", ["column 7: an anchor without a value; quote a text that begins with &"]),
        ("truth: 1", ["truth: expected true or false, found 1"]),
        (
            "truth: 'perhaps'",
            ["truth: expected true or false, found the text 'perhaps'; write true"],
        ),
        ("choice: 4", ["choice: found '4'; use 1.2, 3.1.1 or 5"]),
        ("text: [1]", ["text: expected text, found a list"]),
        ("either: {a: 1}", ["either: expected text or a whole number, found a mapping of keys"]),
        ('text: "a\\0b"', ["text: found 'a\\x00b', which has a NUL character; remove it"]),
        (
            'text: "\\ud800"',
            ["text: found '\\ud800', which has half of a surrogate pair; write the"],
        ),
        ('text: "\\ude00\\ud83d"', ["text: found '\\ude00\\ud83d', which has half of a surrogate"]),
        ('{"\\ud83d": 1}', ["the key '\\ud83d' has half of a surrogate pair; write the whole"]),
        ('{"a\\0": 1}', ["the key 'a\\x00' has a NUL character; remove it"]),
        ("text: !!bool perhaps", ["text: 'perhaps' does not fit its tag; remove the tag"]),
        ("whole: !!int ''", ["whole: '' does not fit its tag"]),
        ("whole: !!int x", ["whole: 'x' does not fit its tag"]),
        ("number: !!float ''", ["number: '' does not fit its tag"]),
        ("text: !!timestamp 2024-01-01", ["text: the tag '!!timestamp' is not supported"]),
        ("text: !!binary aGFsbG8=", ["text: the tag '!!binary' is not supported"]),
        ("text: !!set {a}", ["text: the tag '!!set' is not supported"]),
        ("text: !!omap [a: 1]", ["text: the tag '!!omap' is not supported"]),
        ("text: !!pairs [{a: 1, b: 2}]", ["text: the tag '!!pairs' is not supported"]),
        ("text: !!python/object/apply:os.system [ls]", ["text: the tag '!!python/object/apply"]),
        ("text: !x y", ["text: the tag '!x' is not supported; remove it"]),
        ('"te\\nxt": a', ["te\\nxt: unknown key"]),
        ("? [a]\n: 1", ["a key must be text"]),
        ("? {a: 1}\n: 1", ["a key must be text"]),
    ],
)
def test_rejects_a_value_of_the_wrong_type_in_plain_words(
    text: str, words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "kinds.yaml"
    path.write_text(f"# first\n{text}", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_yaml(path, Kinds)
    (line,) = caught.value.lines
    assert line.startswith(f"{path}, line 2")
    assert all(word in line for word in words), line
    assert len(line) < 300
    assert line.isprintable()


def test_rejects_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.yaml: No such file or directory; name a read"):
        read_yaml(tmp_path / "absent.yaml", Recipe)
    with pytest.raises(InputError, match="Is a directory; name a readable YAML file"):
        read_yaml(tmp_path, Recipe)


def test_reads_from_a_pipe() -> None:
    command = f"'{sys.executable}' -c '{READ}' <(sleep 0.3; echo 'name: attic')"
    done = subprocess.run(
        ["bash", "-c", command], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "attic\n", done.stderr


def test_rejects_a_pipe_without_a_writer_and_an_endless_device_in_time(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    began = time.monotonic()
    with pytest.raises(InputError, match=r"nothing came from it within 5 s; name a readable"):
        read_yaml(pipe, Recipe)
    with pytest.raises(InputError, match=r"/dev/zero: larger than 128 KiB"):
        read_yaml(Path("/dev/zero"), Recipe)
    assert time.monotonic() - began < 20
    assert read_yaml(Path("/dev/null"), Settings) == Settings()


def test_rejects_a_huge_file_without_reading_it_all(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    began = time.monotonic()
    with pytest.raises(InputError, match="larger than 128 KiB; name a readable YAML file"):
        read_yaml(path, Recipe)
    assert time.monotonic() - began < 10


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    leaf: str = ""
    rows: list[list[list[list[str]]]] = []


@pytest.mark.parametrize(
    "last", ["rows: *a3", "leaf: *a29", "rows: [*a29]", "other: *a29", "? *a29\n: 1"]
)
def test_rejects_aliases_that_would_fill_the_memory(last: str, tmp_path: Path) -> None:
    lines = ["rows0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"rows{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    path = tmp_path / "tree.yaml"
    path.write_text("\n".join([*lines, last]))
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        read_yaml(path, Tree)
    assert all(len(line) < 500 for line in caught.value.lines)
    assert time.monotonic() - began < 20


def test_rejects_aliases_that_repeat_too_many_values(tmp_path: Path) -> None:
    path = tmp_path / "tree.yaml"
    ten = ", ".join(["&a x", *["*a"] * 9])
    hundred = ", ".join([f"&b [{ten}]", *["*b"] * 9])
    thousand = ", ".join([f"&c [{hundred}]", *["*c"] * 9])
    path.write_text(f"rows: [{', '.join([f'&d [{thousand}]', *['*d'] * 9])}]")
    with pytest.raises(InputError, match="line 1: aliases repeat more than 5000 values"):
        read_yaml(path, Tree)


def test_rejects_too_many_values(tmp_path: Path) -> None:
    message = refusal(tmp_path, "title: t\nseveral:\n" + "- {}\n" * 6_000)
    assert message == ", line 4998, column 3: more than 5000 values; shorten the file"


READ = """
import sys
from pathlib import Path
from daemon.configuration.settings_file import load
print(load(Path(sys.argv[1])).name)
"""


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_rejects_deeply_nested_brackets(opening: str, tmp_path: Path) -> None:
    # Run in a process of its own, because a parser that recurses in C would crash this one.
    path = tmp_path / "deep.yaml"
    path.write_text(opening * 20_000)
    code = (
        "import sys; from pathlib import Path\n"
        "from daemon.errors import InputError\n"
        "from daemon.configuration.settings_file import load\n"
        "try: load(Path(sys.argv[1]))\n"
        "except InputError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.startswith(f"{path}, line 1, column ")
    assert "nested deeper than 20 levels" in done.stdout


WORDS = st.sampled_from([
    "title", "inner", "size", "names", "optional", "free", "several", "audio", "mqtt", "tls",
    "tracker", "families", "vocal", "votes", "hop_seconds", "null", "true", "1", "0.5", "-3",
    ".nan", ".inf", "1e400", "2001-01-01", "12:30:45", "~", "''", "a", "'x", "!!int", "!!bool",
    "!!float", "!!timestamp", "!!set", "!!omap", "!!binary", "!!str", "!!null", "!!python/none",
    "!x", "&a", "*a", "<<",
])  # fmt: skip
MARKS = st.sampled_from([": ", "\n", "\n  ", "\n- ", ", ", *"{}[] #|>%@\t\"'\\", "? ", "---\n"])
TEXTS = st.lists(WORDS | MARKS | st.text(max_size=3), max_size=25).map("".join)


def assert_is_read_or_rejected(path: Path, kind: type[msgspec.Struct]) -> None:
    """Assert that reading gives a struct of this kind or an InputError that names the file."""
    try:
        found: msgspec.Struct | str = read_yaml(path, kind)
    except InputError as error:
        found = str(error)
    assert isinstance(found, kind) or (
        isinstance(found, str) and all(line.startswith(str(path)) for line in found.splitlines())
    )


@settings(max_examples=400, derandomize=True)
@given(text=TEXTS)
def test_any_text_gives_settings_or_an_input_error(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert_is_read_or_rejected(path, Settings)
    assert_is_read_or_rejected(path, Recipe)


@settings(max_examples=200, derandomize=True)
@given(content=st.binary(max_size=60))
def test_any_bytes_give_settings_or_an_input_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    assert_is_read_or_rejected(path, Settings)
