"""`python -m services.reference`: write the generated parts of the documents anew. `make docs` runs it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from common.errors import SottoError
from services.reference.hardware_text import accelerators_table, computers_table
from services.reference.licences_text import models_table
from services.reference.markdown import with_part
from services.reference.serving_text import engines_table
from services.reference.settings_text import catalogue_table, settings_tables
from services.reference.setup_text import example_file, keys_table

EXAMPLE = "rootfs/usr/share/sotto/sotto.toml.example"
#: Page -> generated parts, by name.
PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "docs/settings.md": {"settings": settings_tables, "catalogue": catalogue_table},
    "docs/image.md": {"keys of sotto.toml": keys_table},
    "docs/licences.md": {"models": models_table},
    "docs/serving.md": {"engines": engines_table},
    "docs/hardware.md": {"accelerators": accelerators_table, "computers": computers_table},
}


def documents(root: Path) -> dict[str, str]:
    """Path -> what the file should hold, for every document with a generated part.

    Raises:
        InvalidInput: a page has lost its markers.
        OSError: a page cannot be read.
    """
    found = {EXAMPLE: example_file()}
    for path, parts in PARTS.items():
        page = (root / path).read_text("utf-8")
        for name, make in parts.items():
            page = with_part(page, name, make())
        found[path] = page
    return found


def main() -> int:
    """Write what is out of date; with `--check` only say so."""
    parser = argparse.ArgumentParser(description="write the generated parts of the documents anew")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if anything is old")
    options = parser.parse_args()
    root = Path(__file__).resolve().parents[2]
    try:
        wanted = documents(root)
        old = [path for path, text in wanted.items() if _content(root / path) != text]
        for path in old:
            print(f"{path} {'is out of date: run make docs' if options.check else 'is written anew'}")
            if not options.check:
                (root / path).write_text(wanted[path], "utf-8")
    except SottoError as error:
        print(f"make docs: {error}", file=sys.stderr)
        return int(error.kind.value)
    return 1 if options.check and old else 0


def _content(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
