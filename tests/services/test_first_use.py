"""Models are fetched by a command only into the user's own store, and only when they are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.models.store import ModelStore
from buildimage.stage import MODELS, PYTHON
from common import paths
from services.cli.first_use import fetch_is_due


@pytest.fixture
def user_store(tmp_path: Path) -> Path:
    """A store that is complete: links to the prepared models of this checkout."""
    root = tmp_path / "user"
    root.mkdir()
    for folder in paths.models_dir().iterdir():
        if not folder.name.startswith("."):
            (root / folder.name).symlink_to(folder)
    return root


def _store(root: Path) -> ModelStore:
    return ModelStore(root, host_root=root / "prepared")


def test_an_empty_user_store_is_filled(tmp_path: Path) -> None:
    assert fetch_is_due(_store(tmp_path), tmp_path)


def test_a_complete_user_store_is_left_alone(user_store: Path) -> None:
    assert not fetch_is_due(_store(user_store), user_store)


@pytest.mark.parametrize("gone", [{"silero-vad"}, {"converted", "prepared"}])
def test_an_interrupted_first_use_is_finished(user_store: Path, gone: set[str]) -> None:
    for name in gone:
        (user_store / name).unlink()
    assert fetch_is_due(_store(user_store), user_store)


def test_a_user_store_that_is_not_laid_out_for_this_machine_serves(user_store: Path) -> None:
    (user_store / "prepared").unlink()
    assert not fetch_is_due(_store(user_store), user_store)


def test_any_other_store_is_never_filled(tmp_path: Path) -> None:
    assert not fetch_is_due(_store(tmp_path / "elsewhere"), tmp_path / "user")


class TestWhereModelsLie:
    """The place decides whether anything may be fetched."""

    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SOTTO_MODELS", raising=False)
        monkeypatch.setenv("XDG_DATA_HOME", "/home/somebody/data")

    def test_a_checkout_has_its_own(self) -> None:
        assert paths.models_dir() != paths.user_models_dir()

    def test_the_image_has_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(paths, "_CHECKOUT", Path("/") / PYTHON)
        assert paths.models_dir() == Path("/") / MODELS

    def test_a_folder_that_is_named_comes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(paths, "_CHECKOUT", Path("/somewhere/site-packages"))
        monkeypatch.setenv("SOTTO_MODELS", "/models")
        assert paths.models_dir() == Path("/models")

    def test_an_installed_package_uses_the_users_data(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(paths, "_CHECKOUT", Path("/somewhere/site-packages"))
        assert paths.models_dir() == paths.user_models_dir() == Path("/home/somebody/data/sotto/models")

    def test_data_lie_in_the_home_folder_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("XDG_DATA_HOME")
        monkeypatch.setenv("HOME", "/home/somebody")
        assert paths.user_models_dir() == Path("/home/somebody/.local/share/sotto/models")
