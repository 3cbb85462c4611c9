"""Which engines can be used here, and the exact reason where one cannot; a broken package breaks nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assistant.hardware.ladder import Outcome, Trial
from assistant.serving.engine import DEFAULT_ENGINE
from assistant.serving.entries import EngineEntry, check_engine, load_engines
from assistant.serving.registry import Registry, installed, make_engine
from common.errors import InvalidInput, Unavailable

ENGINES = load_engines()


def table(folder: Path, *entries: str) -> Path:
    """A table with these entries; each has the keys that it gives, and the module `broken`."""
    file = folder / "engines.toml"
    head = '[[engine]]\nmodule = "broken"\n'
    file.write_text("\n".join(head + entry for entry in entries))
    return file


def never(*_: object) -> Trial:
    raise AssertionError("there is nothing to be tried")


def test_ids_are_unique_and_the_default_engine_is_first() -> None:
    ids = [entry.id for entry in ENGINES]
    assert len(ids) == len(set(ids))
    assert ids[0] == DEFAULT_ENGINE


@pytest.mark.parametrize("entry", ENGINES, ids=lambda entry: entry.id)
def test_an_entry_is_whole(entry: EngineEntry) -> None:
    assert entry.id and entry.name and entry.packages
    assert entry.module.startswith("assistant.serving.") and entry.module.endswith("_engine")
    assert not (entry.provider and entry.plugin)
    assert not entry.plugin or ":" in entry.plugin
    assert all("=" in option for option in entry.options)
    assert entry.packed == (entry.id == DEFAULT_ENGINE)


def test_an_unknown_engine_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match="no engine 'abacus'") as caught:
        check_engine("abacus")
    assert "auto, onnxruntime, openvino" in caught.value.hint
    with pytest.raises(InvalidInput):
        Registry().availability("abacus")


def test_the_default_engine_is_there_without_a_trial() -> None:
    found = Registry(trial=never).availability(DEFAULT_ENGINE)
    assert found.usable
    assert found.version


def test_openvino_is_there_and_right_on_this_processor() -> None:
    """The real thing, in a process of its own."""
    found = Registry().availability("openvino")
    assert (found.usable, found.reason) == (True, "")


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ('packages = ["no-such-thing", "nor-this"]', "not installed: no-such-thing or nor-this"),
        ('packages = ["numpy"]\nversion = "99.1"', "is too old: 99.1 is needed"),
        (
            'packages = ["numpy"]\nlibraries = ["nosuchlibrary"]',
            "the shared library libnosuchlibrary.so is missing",
        ),
        (
            'packages = ["onnxruntime"]\nprovider = "AbacusExecutionProvider"',
            "has no AbacusExecutionProvider",
        ),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_tried(tmp_path: Path, keys: str, reason: str) -> None:
    registry = Registry(table(tmp_path, f'id = "x"\n{keys}'), trial=never)
    found = registry.availability("x")
    assert not found.usable
    assert found.reason.endswith(reason), found.reason
    assert not registry.may_be_usable("x")
    with pytest.raises(Unavailable, match=reason):
        registry.engine("x")


BROKEN = {
    "import": "raise RuntimeError('undefined symbol: cuInit')",
    "missing": "import no_such",
    "dies": "import os; os._exit(1)",
    "device": "from common.errors import Unavailable\n"
    "def make_engine(entry, folder): raise Unavailable('no device', hint='', code='x')",
    "nonsense": "make_engine = 3",
}


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("import", "RuntimeError: undefined symbol: cuInit"),
        pytest.param("missing", " cannot be imported: No module named 'no_such'", marks=pytest.mark.slow),
        ("dies", "the process that tried it died"),
        pytest.param("device", "no device", marks=pytest.mark.slow),
        pytest.param("nonsense", "TypeError: 'int' object is not callable", marks=pytest.mark.slow),
    ],
)
def test_a_broken_package_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, reason: str
) -> None:
    (tmp_path / "broken.py").write_text(BROKEN[how])
    paths = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    monkeypatch.setenv("PYTHONPATH", paths)
    registry = Registry(table(tmp_path, 'id = "x"\npackages = ["numpy"]'))
    assert registry.may_be_usable("x")
    found = registry.availability("x")
    assert (found.usable, found.reason) == (False, reason)
    assert not registry.may_be_usable("x")


def test_a_wrong_result_is_a_reason(tmp_path: Path) -> None:
    registry = Registry(
        table(tmp_path, 'id = "x"\npackages = ["numpy"]'), trial=lambda *_: Trial(Outcome.WRONG, "c = 3")
    )
    assert registry.availability("x").reason == "the result of an inference is wrong: c = 3"


def test_an_engine_is_looked_at_once_and_again_when_it_is_forgotten(tmp_path: Path) -> None:
    says = [Trial(Outcome.FAILED, "no device"), Trial(Outcome.RIGHT)]
    registry = Registry(table(tmp_path, 'id = "x"\npackages = ["numpy"]'), trial=lambda *_: says.pop(0))
    assert registry.availability("x").reason == registry.availability("x").reason == "no device"
    registry.forget("x")
    assert registry.availability("x").usable


def test_a_plugin_that_is_none_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "abacus_plugin.py").write_text(f"def path(): return {str(tmp_path / 'library.so')!r}")
    (tmp_path / "library.so").write_bytes(b"no library")
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = EngineEntry(
        id="x",
        module="assistant.serving.onnxruntime_engine",
        packages=("numpy",),
        plugin="abacus_plugin:path",
    )
    assert installed(entry).usable
    with pytest.raises(Unavailable, match="the plugin abacus_plugin cannot be loaded: ") as caught:
        make_engine(entry)
    assert caught.value.code == "engine.unavailable"


def test_a_device_that_openvino_does_not_find_is_named() -> None:
    entry = EngineEntry(
        id="x", name="x", module="assistant.serving.openvino_engine", options=("DEVICE=ABACUS",)
    )
    with pytest.raises(Unavailable, match=r"OpenVINO \S+ finds no device ABACUS here \(it finds CPU"):
        make_engine(entry)


def test_a_provider_that_is_asked_for_by_name_runs_models(tmp_path: Path) -> None:
    """The way of CUDA and its kin, on a provider that every build has: it is told apart by its name alone."""
    from assistant.hardware.trial import by_engine

    file = tmp_path / "engines.toml"
    file.write_text(
        '[[engine]]\nid = "azure"\nname = "Azure"\nmodule = "assistant.serving.onnxruntime_engine"\n'
        'packages = ["onnxruntime"]\nprovider = "AzureExecutionProvider"\n'
    )
    # It takes only nodes that call a server, and there are none.
    with pytest.raises(Exception, match="no part of the model runs on AzureExecutionProvider"):
        by_engine(("azure", str(file)))


def test_options_that_need_a_folder_are_left_out_without_one() -> None:
    entry = EngineEntry(options=("threads=1", "path={cache}/x", "flag="))
    assert entry.settings(None) == {"threads": "1", "flag": ""}
    assert entry.settings(Path("/c")) == {"threads": "1", "path": "/c/x", "flag": ""}
