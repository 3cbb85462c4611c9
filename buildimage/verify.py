"""`make image-verify`: the same image twice, from two folders, at two times, compared byte by byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from buildimage.download import digest_of
from buildimage.inputs import fill_all
from buildimage.progress import show
from buildimage.store import ContentStore
from buildimage.tools import Tools, tools_key
from common.errors import Unavailable


def verify(repository: Path, build: Path, store: Path, arch: str, version: str) -> int:
    """Build twice without keys and compare all artefacts but the report; 0 when they are the same.

    Each build gets a checkout of its own under a path of its own length, its own tools tree and no cache;
    only the store of locked inputs is shared. Where files differ, diffoscope says how.

    Raises:
        InvalidInput: `arch` is not known.
        Unavailable: a build failed, git is missing, or this is no checkout of it.
        SottoError: as `inputs.fill_all` does.
    """
    root = build / "verify"
    shutil.rmtree(root, ignore_errors=True)
    # Both builds are made offline, so that they cannot be given different things.
    fill_all(repository, ContentStore(store), arch, progress=show)
    outs = []
    for place in ("first", "second/at/another/depth"):
        checkout = root / place / "checkout"
        checkout.parent.mkdir(parents=True)
        _copy_checkout(repository, checkout, build)
        folder = root / place / "build"
        command = [
            sys.executable, "-m", "buildimage", "--build", str(folder), "--store", str(store),
            "image", "--arch", arch, "--version", version, "--offline",
        ]  # fmt: skip
        print(f"sotto: building in {checkout.relative_to(root)}", flush=True)
        if subprocess.run(command, cwd=checkout, check=False).returncode:
            raise Unavailable(
                "a build failed, so there is nothing to compare", hint="See above.", code="verify.build"
            )
        outs.append(folder / arch)
    names = sorted({path.name for out in outs for path in out.iterdir()} - {"report.json"})
    differing = [name for name in names if len({_digest(out / name) for out in outs}) > 1]
    for name in names:
        print(f"  {'DIFFERENT' if name in differing else 'same':<10} {name}")
    if not differing:
        print(f"sotto: both builds gave the same {len(names)} files")
        shutil.rmtree(root)
        return 0
    tools = Tools(root / "first/build/work/tools" / tools_key(repository))
    for name in differing[:3]:
        subprocess.run(
            tools.command(
                [
                    "diffoscope",
                    "--max-report-size",
                    "200000",
                    *(f"/verify/{out.relative_to(root)}/{name}" for out in outs),
                ],
                binds={root: "/verify"},
            ),
            check=False,
        )
    print(f"sotto: {len(differing)} of {len(names)} files differ; both builds are kept in {root}")
    return 1


def _copy_checkout(repository: Path, target: Path, build: Path) -> None:
    """What a clone of the present state would have: tracked files, with the changes not committed yet.

    Nothing in `build` is copied, which may lie in the checkout under a name that git does not ignore.
    """
    command = [
        # The build is root's, the checkout may be another's.
        "git", "-c", f"safe.directory={repository}", "ls-files", "-z", "--cached", "--others",
        "--exclude-standard",
    ]  # fmt: skip
    try:
        listed = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise Unavailable(
            "git is missing", hint="Install it: apt-get install git", code="verify.git"
        ) from error
    if listed.returncode:
        said = listed.stderr.decode(errors="replace").strip().splitlines()
        raise Unavailable(
            f"git cannot list the files of {repository}: {said[0] if said else 'no reason given'}",
            hint="Two copies of a git checkout are built and compared; run it in a clone.",
            code="verify.git",
        )
    for name in os.fsdecode(listed.stdout).split("\0"):
        source = repository / name
        if name and not source.is_relative_to(build) and (source.is_file() or source.is_symlink()):
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place, follow_symlinks=False)


def _digest(path: Path) -> str:
    return digest_of(path) if path.exists() else "absent"
