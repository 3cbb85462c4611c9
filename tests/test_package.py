"""The installed package: what pyproject.toml asks for, and a wheel that works without the source tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from common.paths import models_dir
from tests.conftest import REPOSITORY

#: What a build needs of a checkout; nothing generated is among it.
_SOURCES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "requirements")
_TIME_LIMIT_S = 120


def _project() -> dict[str, Any]:
    with (REPOSITORY / "pyproject.toml").open("rb") as stream:
        return tomllib.load(stream)


def _pins(name: str) -> dict[NormalizedName, str]:
    """Normalised name -> version, of a lock."""
    text = (REPOSITORY / "requirements" / name).read_text()
    return {canonicalize_name(n): v for n, v in re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^ ;\\]+)", text)}


def _asked_for(name: str) -> set[NormalizedName]:
    lines = (REPOSITORY / "requirements" / name).read_text().splitlines()
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if not line.startswith(("#", "-")))
    return {canonicalize_name(match.group()) for match in names if match}


def test_the_package_asks_for_what_is_locked() -> None:
    wanted = {canonicalize_name(r.name): r for r in map(Requirement, _project()["project"]["dependencies"])}
    # A machine that is no image converts the models itself.
    assert set(wanted) == _asked_for("run.in") | {canonicalize_name("onnx")}
    pins = _pins("dev.lock")
    unmet = [str(each) for name, each in wanted.items() if not each.specifier.contains(pins[name])]
    assert not unmet


def test_a_build_uses_the_compiler_of_the_lock() -> None:
    pins = _pins("dev.lock")
    for each in map(Requirement, _project()["build-system"]["requires"]):
        assert each.specifier.contains(pins[canonicalize_name(each.name)]), str(each)
        if each.name == "grpcio-tools":
            # Code that protoc made asks for a gRPC that is not older than its own version.
            assert str(each.specifier) == f"=={pins[canonicalize_name('grpcio')]}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tracked sources, by the tools of this environment, offline."""
    source = tmp_path_factory.mktemp("source")
    for name in _SOURCES:
        place = REPOSITORY / name
        (shutil.copytree if place.is_dir() else shutil.copy)(place, source / name)
    for package in ("assistant", "common", "power", "services"):
        if (REPOSITORY / package).is_dir():
            ignored = shutil.ignore_patterns("*_pb2*", "__pycache__")
            shutil.copytree(REPOSITORY / package, source / package, ignore=ignored)
    out = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-build-isolation", "--wheel-dir", str(out), str(source))
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own that has the wheel, and sees the libraries of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    interpreter = folder / "bin" / "python"
    _pip("--python", str(interpreter), "install", str(wheel))
    (site,) = folder.glob("lib/python3*/site-packages")
    # Path files in a folder that is named in a path file are not read: the source tree stays out of sight.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return interpreter


def _pip(*arguments: str) -> None:
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1"}
    command = [sys.executable, "-m", "pip", "-q", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_TIME_LIMIT_S)
    assert done.returncode == 0, done.stderr


def _run(python: Path, home: Path, *command: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment in an empty folder, as somebody who has an empty home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SOTTO_", "XDG_"))}
    environment = {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), **extra}
    return subprocess.run(
        [str(python.parent / command[0]), *command[1:]],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_TIME_LIMIT_S,
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_wheel_brings_contract_data_and_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    protos = {name for name in names if name.endswith(".proto")}
    assert protos
    assert {name.replace(".proto", "_pb2.py") for name in protos} <= names
    assert {name.replace(".proto", "_pb2_grpc.py") for name in protos} <= names
    assert {"assistant/models/models.lock", "assistant/quantisation/examples.lock"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    tracked = subprocess.run(
        ["git", "ls-files", "assistant", "common", "power", "services"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(tracked.stdout.split()) <= names


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_wheel_answers_without_the_source_tree(python: Path, tmp_path: Path) -> None:
    where = _run(python, tmp_path, "python", "-c", "import services; print(services.__file__)")
    assert where.stdout.startswith(str(python.parent.parent)), where.stdout + where.stderr
    done = _run(python, tmp_path, "sotto", "ask", "what time is it", SOTTO_MODELS=str(models_dir()))
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"It's \d{1,2}(:\d{2})? [ap]m\.\n", done.stdout)
    assert not done.stderr


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_first_use_without_a_network_says_what_is_missing(python: Path, tmp_path: Path) -> None:
    nothing = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": str(tmp_path)}
    done = _run(python, tmp_path, "sotto", "ask", "what time is it", **nothing)
    assert done.returncode == 7
    assert done.stderr.startswith("sotto: first use: fetching the models")
    # The environment sees the pip of the libraries' folder, which is told to look nowhere.
    assert "[model.fetch]" in done.stderr
    assert not done.stdout
