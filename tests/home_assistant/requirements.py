"""Print the pip requirements of Home Assistant integrations, one per line.

The arguments are names of integrations of the installed Home Assistant. Runs inside the file tree,
with that tree's Python and no code of Timbrel.
"""

import importlib.util
import json
import sys
from pathlib import Path


def main() -> None:
    found = importlib.util.find_spec("homeassistant")
    if found is None or found.origin is None:
        sys.exit("Home Assistant is not installed here")
    folder = Path(found.origin).parent / "components"
    waiting, seen, wanted = set(sys.argv[1:]), set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        file = folder / name / "manifest.json"
        # Not every version has every integration.
        manifest = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        wanted.update(manifest.get("requirements", ()))
        waiting.update({*manifest.get("dependencies", ())} - seen)
    print(*sorted(wanted), sep="\n")


if __name__ == "__main__":
    main()
