"""A wake word is one entry of the catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common.paths import models_dir
from tests.extending.catalogued import (
    CATALOGUE,
    EXAMPLE,
    IMAGE_PAGE,
    LICENCES_PAGE,
    SETTINGS_PAGE,
    Copy,
    copy_with_models,
)
from tests.extending.copied import differences


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    copy = copy_with_models(tmp_path)
    copy.add("wake-alexa", {"name": "wake-hello-box", "id": "hello_box", "phrase": "hello box"})
    assert differences(copy.root) == {CATALOGUE}
    # What is converted and laid out for this machine does not depend on wake words.
    for derived in ("converted", "prepared"):
        (copy.models / derived).symlink_to(models_dir() / derived)
    monkeypatch.setenv("SOTTO_MODELS", str(copy.models))
    return copy


def test_it_is_a_setting_that_can_be_tuned_and_switched_off(copy: Copy, tmp_path: Path) -> None:
    file = tmp_path / "assistant.toml"
    file.write_text('[wake]\nhello_box = 0.5\noff = ["alexa"]\n')
    printed = copy.run(
        "import json; from pathlib import Path; from assistant.settings import load_settings\n"
        f"print(json.dumps(load_settings(Path({str(file)!r})).wake.thresholds()))"
    )
    words = json.loads(printed)
    assert words["hello_box"] == 0.5
    assert "alexa" not in words


def test_the_box_listens_for_it(copy: Copy) -> None:
    printed = copy.run(
        "from assistant.settings import Settings\n"
        "from services.client.scratch import scratch_assistant\n"
        "with scratch_assistant(Settings()) as assistant:\n"
        "    print(assistant.ears(wake=True)._wake.names)"
    )
    assert "'hello_box'" in printed


def test_the_set_up_file_and_its_page_offer_it(copy: Copy) -> None:
    printed = copy.run(
        "from services.provision.config import read\n"
        "report = read(b'wake_word = \"Hello Box\"')\n"
        "print(report.problems, report.setup.wake_word)"
    )
    assert printed == "() ('hello_box',)\n"
    assert '<option value="hello_box">Hello box</option>' in copy.look()["page"]


def test_hubs_are_told_of_it(copy: Copy) -> None:
    seen = copy.look()
    for info in (seen["services"], seen["satellite"]):
        (program,) = info["wake"]
        assert ("hello_box", "hello box") in {(each["name"], each["phrase"]) for each in program["models"]}
    assert "hello_box" in seen["satellite"]["satellite"]["active_wake_words"]


def test_the_documents_and_the_example_name_it(copy: Copy) -> None:
    copy.make_docs()
    assert differences(copy.root) == {CATALOGUE, SETTINGS_PAGE, IMAGE_PAGE, LICENCES_PAGE, EXAMPLE}
    assert all("hello_box" in (copy.root / each).read_text() for each in (SETTINGS_PAGE, IMAGE_PAGE, EXAMPLE))
