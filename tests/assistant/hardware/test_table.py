"""The table as data: what every entry must have so that the ladder can judge it."""

from __future__ import annotations

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
    assert entry.name and entry.seen and entry.runtime_names
    for rule in entry.seen:
        assert rule.subsystem and (rule.name or rule.vendor or rule.compatible)
        assert not rule.vendor or rule.subsystem in ("pci", "usb")
    for runtime in entry.runtimes:
        assert runtime.module or runtime.package or runtime.library
        assert "." not in runtime.module, "to look for a submodule would import the module above it"
    assert all(path.startswith("dev/") for path in entry.paths)


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.engines], ids=lambda entry: entry.id)
def test_engines_that_serve_it_are_of_the_table_and_of_its_kind(entry: Entry) -> None:
    assert {engine.device for engine in entry.served_by} == {entry.kind}


def test_an_unknown_key_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text('[[accelerator]]\nid = "x"\ndrivver = ["y"]\n')
    with pytest.raises(InvalidInput, match=r"drivver"):
        load_table(file)
