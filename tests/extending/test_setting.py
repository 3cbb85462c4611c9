"""A setting of assistant.toml is a field and its line of documentation, in one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extending.catalogued import SETTINGS_PAGE, Copy, copy_with_models
from tests.extending.copied import differences

_FILE = "assistant/settings.py"


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    copy = copy_with_models(tmp_path)
    path = copy.root / _FILE
    text = path.read_text()
    line = "        keep_audio: whether recordings of what was heard are kept, too.\n"
    field = "    keep_audio: bool = False\n"
    assert text.count(line) == text.count(field) == 1
    text = text.replace(line, f"{line}        days: after how many days a record is removed.\n")
    path.write_text(text.replace(field, f"{field}    days: int = 90\n"))
    assert differences(copy.root) == {_FILE}
    return copy


def test_it_is_read_from_the_file(copy: Copy, tmp_path: Path) -> None:
    file = tmp_path / "assistant.toml"
    file.write_text("[store]\ndays = 7\n")
    code = (
        "from pathlib import Path; from assistant.settings import load_settings, Settings\n"
        f"print(Settings().store.days, load_settings(Path({str(file)!r})).store.days)"
    )
    assert copy.run(code) == "90 7\n"


def test_the_documents_name_it(copy: Copy) -> None:
    row = "| `days` | whole number | `90` | after how many days a record is removed. |"
    assert row in copy.make_docs()
    assert differences(copy.root) == {_FILE, SETTINGS_PAGE}
