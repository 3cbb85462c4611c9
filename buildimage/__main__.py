"""`python3 -m buildimage`: what `make image`, `image-lock`, `image-verify`, `keys` and `vm` call."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tomllib
from pathlib import Path

from buildimage import build, verify, vm
from buildimage.aptrepo import build_repository
from buildimage.boards.board import choose
from buildimage.boards.read import read_boards
from buildimage.host import claim, prepare_host, require_root
from buildimage.inputs import TOOLS_ARCHITECTURE, Locks, checked, fill_all, lock_all
from buildimage.keys import check_keys, make_keys
from buildimage.locks import read_debs
from buildimage.progress import show
from buildimage.store import ContentStore
from buildimage.tools import make_tools
from common.errors import InvalidInput, SottoError, StorageError

REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> int:
    """Entry point; an error becomes one line on standard error and an exit status."""
    parser = argparse.ArgumentParser(prog="python3 -m buildimage", description=__doc__)
    parser.add_argument(
        "--build", type=Path, default=REPOSITORY / "build" / "image", help="folder of all that is made"
    )
    parser.add_argument("--store", type=Path, help="content-addressed store (default: BUILD/store)")
    actions = parser.add_subparsers(dest="action", required=True)
    image = actions.add_parser("image", help="build the image")
    image.add_argument("--arch", default="", help="x86-64 or arm64")
    image.add_argument("--board", default="", help="one that `boards` prints; implies the architecture")
    image.add_argument("--version", help="of the image (default: the project's)")
    image.add_argument("--offline", action="store_true", help="open no socket: everything is in the store")
    image.add_argument("--keys", type=Path, help="folder of the owner's keys; without it nothing is signed")
    image.add_argument(
        "--overlay", type=Path, action="append", default=[], help="folder laid over the root (tests)"
    )
    actions.add_parser("boards", help="print the boards that an image can be made for")
    actions.add_parser("lock", help="resolve all packages anew and print what changed")
    same = actions.add_parser("verify", help="build twice, elsewhere and later, and compare")
    same.add_argument("--arch", default=_native())
    keys = actions.add_parser("keys", help="make an owner's keys")
    keys.add_argument("folder", type=Path)
    newest = actions.add_parser("newest", help="print the path of the built disk image")
    newest.add_argument("--arch", default="")
    newest.add_argument("--board", default="")
    machine = actions.add_parser("vm", help="boot the built image in QEMU")
    vm.add_options(machine)
    options = parser.parse_args()
    # Whatever the owner's is, the files of the image are readable to the users on the box.
    os.umask(0o022)
    # Stopped from outside is like Ctrl-C: children are ended, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _run(options)
    except SottoError as error:
        return _report(error)
    except OSError as error:
        # What a step did not foresee: a disk that fills or fails, a folder that may not be written.
        place = f"{error.filename}: " if error.filename else ""
        return _report(
            StorageError(
                f"{place}{error.strerror or error}",
                hint="See that there is space, and that root may write there.",
            )
        )
    except KeyboardInterrupt:
        print("\nsotto: interrupted; run it again, it goes on where it was", file=sys.stderr)
        return 130


def _report(error: SottoError) -> int:
    print(f"sotto: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"  {error.hint}", file=sys.stderr)
    return int(error.kind.value)


def _run(options: argparse.Namespace) -> int:
    if not options.build.name:
        raise InvalidInput(f"BUILD={options.build} is no folder of its own", hint="Name one: BUILD=")
    options.build = options.build.resolve()
    store = ContentStore((options.store or options.build / "store").resolve())
    if "board" in options:
        board = choose(read_boards(), options.board, options.arch, _native())
        options.arch = board.arch
    if "arch" in options:
        checked(options.arch)
    if options.action == "image":
        folder = check_keys(options.keys.resolve()) if options.keys else None
        version = options.version or project_version()
        overlays = tuple(path.resolve() for path in options.overlay)
        build.build(
            build.Plan(
                REPOSITORY,
                options.build,
                store.root,
                options.arch,
                version,
                options.offline,
                folder,
                overlays,
                board,
            )
        )
    elif options.action == "boards":
        for board in read_boards().values():
            print(f"{board.name:<12} {board.arch:<8} {board.about}")
    elif options.action == "lock":
        for name, lines in lock_all(REPOSITORY, store, progress=show).items():
            print(f"{name}: {len(lines)} changes" if lines else f"{name}: no change")
            for line in lines:
                print(f"  {line}")
    elif options.action == "verify":
        require_root()
        with claim(options.build):
            return verify.verify(REPOSITORY, options.build, store.root, options.arch, project_version())
    elif options.action == "keys":
        require_root()
        prepare_host(TOOLS_ARCHITECTURE)
        with claim(options.build):
            fill_all(REPOSITORY, store, _native(), progress=show)
            packages = read_debs(Locks.of(REPOSITORY).tools)
            local = build_repository(
                store, packages, options.build / "work/tools-packages", TOOLS_ARCHITECTURE, build.EPOCH
            )
            logs = options.build / "work/logs"
            tools = make_tools(REPOSITORY, local, options.build / "work/tools", logs / "tools.log")
            make_keys(options.folder.resolve(), tools, logs / "keys.log")
        print(f"sotto: keys are in {options.folder}; keep them safe and private, boxes will trust no others")
    elif options.action == "newest":
        print(vm.newest_image(options.build / board.folder))
    else:
        return vm.run(options, REPOSITORY)
    return 0


def project_version() -> str:
    """The version in pyproject.toml."""
    table = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    return str(table["project"]["version"])


def _native() -> str:
    return "arm64" if os.uname().machine in ("aarch64", "arm64") else "x86-64"


if __name__ == "__main__":
    sys.exit(main())
