"""A voice is one entry of the catalogue; a recogniser and a voice make a language."""

from __future__ import annotations

from pathlib import Path

import pytest

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

_SPEAK = """
from pathlib import Path
from assistant.models.prepare import prepare
from assistant.models.store import ModelStore
from assistant.serving.serving import Serving
from assistant.settings import load_settings
from assistant.speech.synthesiser import Synthesiser
from common.errors import InvalidInput
from common.paths import models_dir
store = ModelStore(models_dir())
prepare(store)
settings = load_settings(Path({file!r}))
opened = []
find = store.prepared
store.prepared = lambda name: opened.append(name) or find(name)
print(len(Synthesiser(Serving(store), settings.voice).synthesise("Hello.")), *opened)
"""


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    copy = copy_with_models(tmp_path)
    copy.add("piper-joe-en-us", {"name": "piper-jane-en-us", "id": "jane"})
    assert differences(copy.root) == {CATALOGUE}
    monkeypatch.setenv("SOTTO_MODELS", str(copy.models))
    return copy


def test_the_settings_choose_it_and_it_speaks(copy: Copy, tmp_path: Path) -> None:
    file = tmp_path / "assistant.toml"
    file.write_text('[voice]\nname = "jane"\n')
    samples, *opened = copy.run(_SPEAK.format(file=str(file))).split()
    assert int(samples) > 5_000
    assert opened == [f"piper-jane-en-us-{part}" for part in ("front", "flow", "vocoder")]


def test_hubs_and_documents_name_it(copy: Copy) -> None:
    (program,) = copy.look()["services"]["tts"]
    assert [(each["name"], each["description"]) for each in program["voices"]] == [
        ("joe", "Joe"),
        ("jane", "Jane"),
    ]
    assert "| voice | `jane` | en | Jane |" in copy.make_docs()
    assert differences(copy.root) == {CATALOGUE, SETTINGS_PAGE, LICENCES_PAGE}


def test_a_recogniser_and_a_voice_make_a_language(copy: Copy) -> None:
    copy.add("moonshine-tiny-en", {"name": "moonshine-tiny-xx", "id": "moonshine_xx", "language": "xx"})
    path = copy.root / CATALOGUE
    path.write_text(path.read_text().replace("[languages]\n", '[languages]\nxx = "Exish"\n'))
    assert "Exish" not in copy.look()["page"], "it has no voice yet"
    copy.add("piper-joe-en-us", {"name": "piper-jim-xx", "id": "jim", "language": "xx"})
    seen = copy.look()
    assert '<option value="xx">Exish</option>' in seen["page"]
    assert "xx" in seen["services"]["handle"][0]["models"][0]["languages"]
    documents = copy.make_docs()
    assert '"xx" (Exish)' in documents
    assert differences(copy.root) == {CATALOGUE, SETTINGS_PAGE, IMAGE_PAGE, LICENCES_PAGE, EXAMPLE}
    printed = copy.run(
        "from services.provision.config import read\nprint(read(b'language = \"exish\"').setup.language)"
    )
    assert printed == "xx\n"
