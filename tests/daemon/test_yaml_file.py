"""YAML as typed structs: whatever the file holds, the answer is a struct or an InputError."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import InputError
from daemon.settings import Settings
from daemon.yaml_file import read_yaml


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


def refusal(folder: Path, content: str | bytes) -> str:
    """What the InputError says after the file's name, in one line."""
    with pytest.raises(InputError) as caught:
        read(folder, content)
    message = str(caught.value)
    assert message.startswith(f"{folder / 'recipe.yaml'}")
    assert "\n" not in message
    return message.removeprefix(str(folder / "recipe.yaml"))


def test_a_file_is_a_struct(tmp_path: Path) -> None:
    text = "title: ü\ninner: {size: 3, names: [ab, cd]}\nfree: {x: {size: 2}}\nseveral: [{}]\n"
    expected = Recipe("ü", Inner(3, ["ab", "cd"]), None, {"x": Inner(2)}, [Inner()])
    assert read(tmp_path, text) == expected


def test_yaml_merges_and_aliases_are_followed(tmp_path: Path) -> None:
    text = (
        "title: t\ninner: &base {size: 3}\noptional: *base\nfree: {x: {<<: *base, names: [ab]}}\n"
    )
    assert read(tmp_path, text) == Recipe("t", Inner(3), Inner(3), {"x": Inner(3, ["ab"])})


def test_a_missing_key_without_a_default_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "inner: {}") == ": title: missing; this key has no default"
    assert refusal(tmp_path, "") == ": title: missing; this key has no default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optional: {size: 0}", ": optional.size: expected a whole number >= 1, found 0;"),
        ("free: {a: {}, b: {size: 0}}", ": free.b.size: expected a whole number >= 1, found 0;"),
        ("several: [{}, {size: 0}]", ": several.1.size: expected a whole number >= 1, found 0;"),
        ("inner: {names: [ab, c]}", ": inner.names.1: expected text of length >= 2, found 'c';"),
        ("inner: {nmes: []}", ": inner.nmes: unknown key; did you mean names?"),
        ("several: [{nmes: []}]", ": several.0.nmes: unknown key; did you mean names?"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(text: str, message: str, tmp_path: Path) -> None:
    found = refusal(tmp_path, f"title: t\n{text}")
    assert found.startswith(message)


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
def test_an_address_that_is_wrong_is_refused_without_its_password(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "place.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_yaml(path, Place)
    assert str(caught.value).startswith(str(path))
    assert "S3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("title: [1\n", "line 2, column 1"),
        ("title: t\ninner: {size: 1\n", "line 3, column 1"),
        ("title: t\n\tinner: 1", "line 2, column 1"),
        ("title: 'open\n", "line 2, column 1"),
        ("title: *nobody", "line 1, column 8"),
        ("title: t\ninner: size: 1", "line 2, column 12"),
        ("title: !!python/object/apply:os.system [ls]", "line 1, column 8"),
        ("a\n---\nb", "line 2, column 1"),
    ],
)
def test_what_is_no_yaml_is_refused_with_line_and_column(
    text: str, place: str, tmp_path: Path
) -> None:
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
def test_a_key_that_stands_twice_is_refused(text: str, place: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, text)
    assert place in message
    assert "stands twice" in message


def test_the_same_key_in_two_mappings_is_no_repetition(tmp_path: Path) -> None:
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
def test_an_alias_that_contains_itself_is_refused(text: str, tmp_path: Path) -> None:
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
def test_binary_junk_is_refused(content: bytes, tmp_path: Path) -> None:
    assert "not valid YAML" in refusal(tmp_path, content)


@pytest.mark.parametrize(
    "value",
    [
        "!!bool perhaps",
        "!!int ''",
        "!!int x",
        "0x_",
        "!!float ''",
        "!!timestamp soon",
        "2001-99-99",
        "!!binary 'é'",
        "!!omap 3",
        "!!pairs [{a: 1, b: 2}]",
        "1" + ":59" * 200 + ".5",
        "? [a]\n  : 1",
        "9" * 5_000,
    ],
)
def test_a_value_that_its_tag_does_not_allow_is_refused(value: str, tmp_path: Path) -> None:
    assert "not valid YAML" in refusal(tmp_path, f"title: {value}")


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.yaml: No such file or directory; name a read"):
        read_yaml(tmp_path / "absent.yaml", Recipe)
    with pytest.raises(InputError, match="Is a directory; name a readable YAML file"):
        read_yaml(tmp_path, Recipe)


def test_aliases_that_would_fill_the_memory_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    message = refusal(tmp_path, "\n".join([*lines, "title: *a29"]))
    assert len(message) < 500


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_brackets_nested_without_end_are_refused(opening: str, tmp_path: Path) -> None:
    # In a process of its own: a parser that recurses in C would take this one with it.
    path = tmp_path / "deep.yaml"
    path.write_text(opening * 200_000)
    code = (
        "import sys; from pathlib import Path\n"
        "from daemon.errors import InputError\n"
        "from daemon.settings import load\n"
        "try: load(Path(sys.argv[1]))\n"
        "except InputError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.startswith(str(path))


WORDS = st.sampled_from([
    "title", "inner", "size", "names", "optional", "free", "several", "audio", "mqtt", "tls",
    "tracker", "families", "vocal", "votes", "hop_seconds", "null", "true", "1", "0.5", "-3",
    ".nan", ".inf", "1e400", "2001-01-01", "12:30:45", "~", "''", "a", "'x", "!!int", "!!bool",
    "!!float", "!!timestamp", "!!set", "!!omap", "!!binary", "!!str", "!!null", "!!python/none",
    "!x", "&a", "*a", "<<",
])  # fmt: skip
MARKS = st.sampled_from([": ", "\n", "\n  ", "\n- ", ", ", *"{}[] #|>%@\t\"'\\", "? ", "---\n"])
TEXTS = st.lists(WORDS | MARKS | st.text(max_size=3), max_size=25).map("".join)


def assert_is_read_or_refused(path: Path, kind: type[msgspec.Struct]) -> None:
    """A struct of this kind, or an InputError that names the file; anything else fails the test."""
    try:
        found: msgspec.Struct | str = read_yaml(path, kind)
    except InputError as error:
        found = str(error)
    assert isinstance(found, kind) or (isinstance(found, str) and found.startswith(str(path)))


@settings(max_examples=400)
@given(text=TEXTS)
def test_any_text_is_settings_or_an_input_error(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert_is_read_or_refused(path, Settings)
    assert_is_read_or_refused(path, Recipe)


@settings(max_examples=200)
@given(content=st.binary(max_size=60))
def test_any_bytes_are_settings_or_an_input_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    assert_is_read_or_refused(path, Settings)
