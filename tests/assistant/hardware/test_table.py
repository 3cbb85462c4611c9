"""The table as data: what every entry must have so that the ladder can judge it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from assistant.hardware.table import Entry, load_table
from common.errors import InvalidInput

ENTRIES = load_table().accelerator


def test_ids_are_unique() -> None:
    ids = [entry.id for entry in ENTRIES]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_an_entry_is_whole(entry: Entry) -> None:
    assert entry.name and entry.seen and entry.runtimes
    for rule in entry.seen:
        assert rule.subsystem and (rule.name or rule.vendor or rule.compatible)
        assert not rule.vendor or rule.subsystem in ("pci", "usb")
    for runtime in entry.runtimes:
        assert runtime.module or runtime.package or runtime.library
        assert "." not in runtime.module, "to look for a submodule would import the module above it"
    assert all(path.startswith("dev/") for path in entry.paths)


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.trial], ids=lambda entry: entry.id)
def test_a_trial_is_there(entry: Entry) -> None:
    module, _, function = entry.trial.partition(":")
    assert callable(getattr(import_module(module), function))


def test_an_unknown_key_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text('[[accelerator]]\nid = "x"\ndrivver = ["y"]\n')
    with pytest.raises(InvalidInput, match=r"drivver"):
        load_table(file)
