"""A copy of the tree whose catalogue has one more model, and what the copy then knows of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.paths import models_dir
from tests.extending.copied import copy_tree, differences, python

CATALOGUE = "assistant/models/catalogue.toml"
SETTINGS_PAGE = "docs/settings.md"
IMAGE_PAGE = "docs/image.md"
LICENCES_PAGE = "docs/licences.md"
EXAMPLE = "rootfs/usr/share/sotto/sotto.toml.example"

_LOOK = """
import json
import re
from services.gatewayd.wyoming_info import satellite_info, services_info
from services.provision.form import Page, form_page
print(json.dumps({"page": form_page(Page("10.42.0.1"), "", {}), "services": services_info().to_dict(),
                  "satellite": satellite_info().to_dict()}))
"""


@dataclass(frozen=True)
class Copy:
    """The copied tree.

    Attributes:
        root: of the tree.
        models: a store of links to the models of this machine, for `SOTTO_MODELS`.
    """

    root: Path
    models: Path

    def add(self, like: str, changes: Mapping[str, str]) -> None:
        """Add an entry to the catalogue: that of the model `like`, with some lines changed."""
        path = self.root / CATALOGUE
        text = path.read_text("utf-8")
        (block,) = [each for each in text.split("[[model]]")[1:] if f'name = "{like}"' in each]
        for key, value in changes.items():
            block, changed = re.subn(rf'^{key} = ".*"$', f'{key} = "{value}"', block, flags=re.MULTILINE)
            assert changed == 1, key
        path.write_text(f"{text}\n[[model]]{block}", "utf-8")
        (self.models / changes["name"]).symlink_to(models_dir() / like)

    def make_docs(self) -> str:
        """Run what `make docs` runs; gives the generated documents as one text."""
        python(self.root, "-m", "services.reference")
        return "".join((self.root / each).read_text("utf-8") for each in (SETTINGS_PAGE, IMAGE_PAGE, EXAMPLE))

    def look(self) -> dict[str, Any]:
        """The set-up page, and the answers to Wyoming's `describe`."""
        seen: dict[str, Any] = json.loads(self.run(_LOOK))
        return seen

    def run(self, code: str) -> str:
        """What a few lines of Python print in the copy."""
        return python(self.root, "-c", code)


def copy_with_models(folder: Path) -> Copy:
    """A fresh copy below `folder`: the code, the documents, what they are made of, and the set-up example."""
    root = copy_tree(folder / "tree")
    for each in ("docs", "hardware", "rootfs/usr/share/sotto"):
        copy_tree(root, each)
    models = folder / "models"
    models.mkdir()
    for model in models_dir().iterdir():
        if model.is_dir() and model.name not in ("converted", "prepared") and not model.name.startswith("."):
            (models / model.name).symlink_to(model)
    assert differences(root) == set()
    return Copy(root, models)
