"""What the integrations named as arguments ask for, of the Home Assistant that is installed here.

One requirement a line, for pip. Runs inside the tree, with that tree's Python and nothing of ours.
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
        # Versions differ in what they have.
        manifest = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        wanted.update(manifest.get("requirements", ()))
        waiting.update({*manifest.get("dependencies", ())} - seen)
    print(*sorted(wanted), sep="\n")


if __name__ == "__main__":
    main()
