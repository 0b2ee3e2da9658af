"""Every command in the README and the docs exists and accepts the documented arguments."""

import contextlib
import io
import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from daemon.commands.arguments import timbrel_parser
from model_build.commands.parser import build_parser

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    ROOT / "home-assistant-addon" / "DOCS.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
# Other programs, whose arguments are not checked.
OTHER_PROGRAMS = {
    *("apt", "apt-get", "arecord", "chmod", "dask", "docker", "git", "journalctl", "jq"),
    *("loginctl", "mosquitto_passwd", "mosquitto_pub", "mosquitto_sub", "systemctl"),
    *("systemd-analyze", "tar"),
}
OUR_PROGRAMS = {"timbrel", "timbrel-build"}
PLACEHOLDERS = {"N": "1", "SECONDS": "1"}


class Command(NamedTuple):
    page: str
    line: int
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {shlex.join(self.words)}"


def commands(page: Path) -> Iterator[Command]:
    """Yield the commands in code blocks without a language and in inline code of a page."""
    name, in_block, language = str(page.relative_to(ROOT)), False, ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            in_block, language = not in_block, line[3:].strip()
        elif in_block and language in {"", "sh", "shell", "console"}:
            yield from (Command(name, number, words) for words in simple_commands(line))
        elif not in_block:
            for code in re.findall(r"`([^`]+)`", line):
                if looks_like_a_command(code):
                    yield from (Command(name, number, words) for words in simple_commands(code))


def looks_like_a_command(code: str) -> bool:
    first, _, rest = code.partition(" ")
    first = first.rpartition("/")[2] if first.startswith((".venv/bin/", "/opt/")) else first
    return first.startswith("script/") or (
        bool(rest)
        and first in {*OUR_PROGRAMS, *OTHER_PROGRAMS, "sudo", "pip", "python", "pipx", "uv"}
    )


def simple_commands(line: str) -> Iterator[tuple[str, ...]]:
    """Yield the commands of a shell line, without sudo and without variable assignments."""
    reader = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    reader.whitespace_split = True
    words: list[str] = []
    for word in [*reader, ";"]:
        if re.fullmatch(r"[|&;]+", word):
            if words:
                yield tuple(words)
            words = []
        elif words or not (word in {"sudo", "export"} or re.match(r"[A-Z_]+=", word)):
            words.append(word)


def without_placeholders(words: tuple[str, ...]) -> list[str]:
    """Return the words without ellipses and brackets, and with numbers for placeholders."""
    stripped = [word.strip("[]").rstrip("…") for word in words]
    return [PLACEHOLDERS.get(word, word) for word in stripped if word]


ALL = [command for page in PAGES for command in commands(page)]


def test_finds_the_documented_commands() -> None:
    pages = {command.page for command in ALL}
    assert {"README.md", "SECURITY.md", "docs/home-assistant.md", "docs/model-card.md"} <= pages
    assert any(command.words[:2] == ("timbrel", "run") for command in ALL)
    assert any(command.words[0] == "script/demo" for command in ALL)


@pytest.mark.parametrize("command", ALL, ids=str)
def test_documented_command_exists_and_accepts_its_arguments(command: Command) -> None:
    program, *rest = without_placeholders(command.words)
    name = program.rpartition("/")[2]
    if name in OUR_PROGRAMS:
        # A command that is mentioned without its required arguments must exist.
        assert parses(name, rest) or (len(rest) == 1 and parses(name, [*rest, "--help"]))
    elif program.startswith("script/"):
        assert_script(ROOT / program, rest)
    elif name == "pip":
        assert_pip_can_find(rest)
    elif name in {"python", "python3"}:
        assert_module(rest)
    elif name == "docker":
        files = [value for key, value in itertools.pairwise(rest) if key == "--file"]
        assert all((ROOT / file).exists() for file in files)
    else:
        assert name in OTHER_PROGRAMS, f"{name}: unknown program"


def parses(name: str, arguments: list[str]) -> bool:
    parser = timbrel_parser() if name == "timbrel" else build_parser()
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            parser.parse_args(arguments)
        except SystemExit as ended:
            return ended.code == 0  # --help and --version
    return True


def assert_script(script: Path, arguments: list[str]) -> None:
    assert script.exists()
    assert script.stat().st_mode & 0o111
    if script.name == "demo":
        assert parses("timbrel", ["demo", *arguments])
        return
    text = script.read_text(encoding="utf-8")
    for argument in arguments:
        if argument.startswith("--"):
            assert argument in text, f"{script.name} has no option {argument}"


def assert_pip_can_find(arguments: list[str]) -> None:
    """Check that pip installs from existing files, because no package index has Timbrel."""
    if arguments[0] == "install":
        places = [word for word in arguments[1:] if not word.startswith("-")]
        assert all((ROOT / place).exists() for place in places), places


def assert_module(arguments: list[str]) -> None:
    assert arguments[:1] == ["-m"], "python may only run modules of the project"
    module = arguments[1]
    if module != "venv":
        path = ROOT / module.replace(".", "/")
        file = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
        text = file.read_text(encoding="utf-8")
        assert all(word in text for word in arguments[2:] if word.startswith("--"))
