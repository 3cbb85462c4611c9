from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.scheduling.figure_file import FigureFile, Origin
from assistant.scheduling.figures import Figures
from common.errors import Conflict, StorageError
from common.faults import Faults
from tests.assistant.scheduling.machines import CPU, figure

_FIGURES = Figures([figure("ears", CPU, "onnxruntime", 10)])


def test_figures_come_back_on_the_same_machine(tmp_path: Path) -> None:
    FigureFile(tmp_path, "here").save(_FIGURES)
    figures, origin = FigureFile(tmp_path, "here").load()
    assert list(figures) == list(_FIGURES)
    assert origin is Origin.THIS_MACHINE


def test_figures_of_another_machine_are_recognised_and_not_used(tmp_path: Path) -> None:
    FigureFile(tmp_path, "here").save(_FIGURES)
    figures, origin = FigureFile(tmp_path, "elsewhere").load()
    assert len(figures) == 0
    assert origin is Origin.OTHER_MACHINE


def test_no_file_is_nothing(tmp_path: Path) -> None:
    assert FigureFile(tmp_path / "none", "here").load()[1] is Origin.NOTHING


def test_a_damaged_file_gives_its_copy(tmp_path: Path) -> None:
    FigureFile(tmp_path, "here").save(_FIGURES)
    (tmp_path / "figures.json").write_text("{")
    figures, origin = FigureFile(tmp_path, "here").load()
    assert (len(figures), origin) == (1, Origin.THIS_MACHINE)


@given(
    content=st.binary(max_size=200)
    | st.sampled_from([b"[]", b'{"version": 1}', b'{"version": 7}', b"[" * 9999])
)
def test_no_content_of_the_file_does_harm(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("state")
    (folder / "figures.json").write_bytes(content)
    faults = Faults()
    figures, origin = FigureFile(folder, "here", faults).load()
    assert (len(figures), origin) == (0, Origin.NOTHING)
    assert [fault.code for fault in faults.all()] == ["state.lost"]


def test_one_wrong_number_is_a_damaged_file(tmp_path: Path) -> None:
    file = FigureFile(tmp_path, "here")
    file.save(_FIGURES)
    content = json.loads((tmp_path / "figures.json").read_text())
    content["figures"][0]["p50_ms"] = -5
    (tmp_path / "figures.json").write_text(json.dumps(content))
    (tmp_path / "figures.json.copy").unlink()
    assert file.load()[1] is Origin.NOTHING
    assert (tmp_path / "figures.json.damaged").exists()


def test_a_file_that_another_process_wrote_is_seen(tmp_path: Path) -> None:
    ours, theirs = FigureFile(tmp_path, "here"), FigureFile(tmp_path, "here")
    ours.load()
    assert not ours.has_changed()
    theirs.save(_FIGURES)
    assert ours.has_changed()
    ours.load()
    assert not ours.has_changed()
    ours.save(_FIGURES)
    assert not ours.has_changed()


def test_a_second_process_that_tunes_is_told_of_the_first(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from assistant.scheduling.figure_file import FigureFile\n"
        f"with FigureFile(pathlib.Path({str(tmp_path)!r}), 'here').tuning():\n"
        "    print('holds it', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "holds it\n"
        with pytest.raises(Conflict, match=str(first.pid)) as caught, FigureFile(tmp_path, "here").tuning():
            raise AssertionError
        assert caught.value.code == "tune.running"
        first.communicate()
    with FigureFile(tmp_path, "here").tuning():
        pass


def test_a_killed_tuner_leaves_the_right_to_measure_behind(tmp_path: Path) -> None:
    code = (
        "import os, pathlib\n"
        "from assistant.scheduling.figure_file import FigureFile\n"
        f"with FigureFile(pathlib.Path({str(tmp_path)!r}), 'here').tuning():\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == -9
    with FigureFile(tmp_path, "here").tuning():
        pass


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    file = FigureFile(tmp_path / "state", "here")
    assert file.load()[1] is Origin.NOTHING
    with pytest.raises(StorageError):
        file.save(_FIGURES)
    with pytest.raises(StorageError), file.tuning():
        raise AssertionError


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_storage_error_and_the_lock_holds(tmp_path: Path) -> None:
    (tmp_path / "tuning").mkdir()
    (tmp_path / "tuning" / "lock").symlink_to("/dev/full")
    file = FigureFile(tmp_path, "here")
    try:
        with file.tuning(), pytest.raises(Conflict), FigureFile(tmp_path, "here").tuning():
            raise AssertionError
    finally:
        (tmp_path / "tuning" / "lock").unlink()
