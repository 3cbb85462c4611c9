"""Filling the store: everything that is locked gets there, or an error names all that does not."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from buildimage import aptfetch
from buildimage.aptfetch import Missing
from buildimage.aptroot import KEYRING
from buildimage.download import Absent, Different, Downloader, Failed, Patience, Stopped, Unreachable
from buildimage.errors import Damaged
from buildimage.locks import Deb
from buildimage.mirror import Mirrors, Source, archive_sources, proxies, tool_output
from buildimage.progress import Progress, silent
from buildimage.store import ContentStore, free_bytes, no_space, storage_errors
from common.errors import NotFound, SottoError, StorageError, Unavailable

_THREADS = 4


@dataclass
class _Run:
    """What the threads of one fill share."""

    store: ContentStore
    archive: Sequence[Source]
    downloader: Downloader | None
    progress: Progress
    total: int
    done: int = 0
    unreachable: dict[str, str] = field(default_factory=dict)
    mirrors: str = "any mirror"
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def advance(self, size: int) -> None:
        with self.lock:
            self.done += size
            self.progress("fetching packages", self.done, self.total)


def fill(
    store: ContentStore,
    wanted: Sequence[Deb],
    mirrors: Callable[[], Mirrors],
    *,
    archive: str = "",
    offline: bool = False,
    progress: Progress = silent,
    patience: Patience | None = None,
    proxy: Mapping[str, str] | None = None,
    keyring: Path = KEYRING,
) -> tuple[str, ...]:
    """Bring every wanted package into the store; what is there is hashed and kept when it is right.

    A folder of kept packages comes first, then apt with its mirrors, then an archive by its address.

    Args:
        store: where to.
        wanted: what the locks say.
        mirrors: gives Debian's mirrors; asked only when something is to be fetched from them.
        archive: a folder or an address, see `mirror.archive_sources`.
        offline: open no socket at all; a folder as archive still counts.
        progress: gets bytes.
        patience: of each download from the archive's address.
        proxy: for these, by scheme; None asks apt's configuration and the environment.
        keyring: signs the mirrors' indexes.

    Returns:
        A line for each damaged object that was replaced.

    Raises:
        NotFound: packages are not to be had; all of them are named.
        Unavailable: a mirror does not answer, or breaks off again and again.
        StorageError: the disk is full or not writable.
    """

    def waiting() -> None:
        progress("waiting for another build to fill the store", 0, 0)

    wanted = tuple({deb.sha256: deb for deb in wanted}.values())
    with storage_errors(store.root), ThreadPoolExecutor(_THREADS) as pool:
        present = list(pool.map(lambda deb: store.get(deb.sha256, deb.size, full=True), wanted))
    if all(present):
        return ()
    with store.exclusive(waiting):
        absent, notes = _sort_out(store, [d for d, path in zip(wanted, present, strict=True) if path is None])
        total = sum(deb.size for deb in absent)
        needed = total - _arrived(store, absent)
        if needed > free_bytes(store.root):
            raise no_space(store.root, needed)
        run = _Run(store, archive_sources(archive), None, progress, total)
        missing = _fetch_all(run, absent)
        if missing and not offline:
            missing = _ask_mirrors(run, missing, mirrors(), keyring)
        if missing and not offline and run.archive:
            known = proxies(tool_output(["apt-config", "dump"]), os.environ) if proxy is None else proxy
            run.downloader = Downloader(known, patience, stop=run.stop)
            missing = _merge(missing, _fetch_all(run, [each.deb for each in missing]))
        if missing:
            raise _explain(missing, run, offline, notes)
    return notes


def _sort_out(store: ContentStore, suspects: Sequence[Deb]) -> tuple[list[Deb], tuple[str, ...]]:
    """Remove the damaged among the suspects; another build may have fetched some in the meantime."""
    absent: list[Deb] = []
    notes: list[str] = []
    for deb in suspects:
        if store.get(deb.sha256, deb.size, full=True) is not None:
            continue
        absent.append(deb)
        if store.remove(deb.sha256):
            notes.append(f"the store's copy of {deb} was damaged and is removed")
    return absent, tuple(notes)


def _arrived(store: ContentStore, absent: Sequence[Deb]) -> int:
    partials = (store.partial(deb.sha256) for deb in absent)
    return sum(path.stat().st_size for path in partials if path.exists()) + aptfetch.arrived(store)


def _ask_mirrors(run: _Run, missing: Sequence[Missing], mirrors: Mirrors, keyring: Path) -> list[Missing]:
    done = run.done
    run.mirrors = str(mirrors)

    def show(what: str, more: int, _: int) -> None:
        run.progress(what, done + more, run.total)

    debs = [each.deb for each in missing]
    outcome = aptfetch.fetch(run.store, debs, mirrors, keyring=keyring, progress=show)
    if outcome.trouble:
        run.unreachable[str(mirrors)] = "; ".join(outcome.trouble)
    run.done += sum(deb.size for deb in debs) - sum(each.deb.size for each in outcome.missing)
    return _merge(missing, outcome.missing)


def _merge(before: Sequence[Missing], after: Sequence[Missing]) -> list[Missing]:
    """What is missing after another place was asked, with what both places have said."""
    known = {each.deb: each for each in before}
    return [
        Missing(
            each.deb,
            tuple(dict.fromkeys((*known[each.deb].reasons, *each.reasons))),
            known[each.deb].gone and each.gone,
        )
        for each in after
    ]


def _fetch_all(run: _Run, absent: Sequence[Deb]) -> list[Missing]:
    missing: list[Missing] = []
    # Large ones first: at the end no thread is alone with the kernel.
    queue = sorted(absent, key=lambda deb: (-deb.size, deb.name))
    with ThreadPoolExecutor(_THREADS) as pool:
        futures = [pool.submit(_fetch, run, deb) for deb in queue]
        try:
            for future in as_completed(futures):
                if (result := future.result()) is not None:
                    missing.append(result)
        except BaseException as error:
            # Full disk or Ctrl-C: nobody waits for downloads that nobody will use.
            run.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, StorageError) and error.code == "store.full":
                raise no_space(run.store.root, run.total - run.done) from error
            raise
    return sorted(missing, key=lambda each: (each.deb.name, each.deb.architecture))


def _fetch(run: _Run, deb: Deb) -> Missing | None:
    reasons: list[str] = []
    gone = True
    for source in run.archive:
        for place in source.places(deb):
            if run.stop.is_set():
                return None
            try:
                if isinstance(place, Path):
                    run.store.put(place, deb.sha256, deb.size)
                elif run.downloader is None:
                    continue
                elif source.name in run.unreachable:
                    gone = False
                    continue
                else:
                    partial = run.store.partial(deb.sha256)
                    run.downloader.fetch(place, partial, deb.size, deb.sha256)
                    run.store.adopt(partial, deb.sha256)
            except Damaged:
                reasons.append(f"{place}: other content than locked")
            except Stopped:
                return None
            except Unreachable as error:
                gone = False
                with run.lock:
                    run.unreachable[source.name] = str(error)
            except Failed as error:
                gone = gone and error.final
                if not isinstance(error, Absent) or isinstance(error, Different):
                    reasons.append(str(error))
            else:
                run.advance(deb.size)
                return None
    return Missing(deb, tuple(reasons), gone)


def _explain(missing: Sequence[Missing], run: _Run, offline: bool, notes: Sequence[str]) -> SottoError:
    names = ", ".join(str(each.deb) for each in missing)
    damage = "".join(f"\n{note}" for note in notes)
    if offline:
        return NotFound(
            f"OFFLINE=1, and {len(missing)} locked packages are not in the store {run.store.root}: "
            f"{names}{damage}",
            hint="Build once without OFFLINE=1, or give ARCHIVE= a folder that has them.",
            code="store.offline",
        )
    if run.unreachable:
        why = "; ".join(run.unreachable.values())
        return Unavailable(
            f"mirror gone: {why}. {len(missing)} locked packages are still missing: {names}{damage}",
            hint="Check the network, or name another mirror with MIRROR= (and SECURITY_MIRROR=).",
            code="mirror.gone",
        )
    gone = [each for each in missing if each.gone]
    broken = [each for each in missing if not each.gone]
    places = ", ".join((run.mirrors, *(source.name for source in run.archive)))
    lines = [f"locked version gone: {each} is neither in the store nor at {places}" for each in gone]
    lines += [f"could not be fetched: {each}" for each in broken]
    lines += notes
    if not gone:
        return Unavailable(
            "\n".join(lines), hint="Run the same again: it goes on from here.", code="store.fetch"
        )
    return NotFound(
        "\n".join(lines),
        hint="Run make image-lock to lock what there is now, or give ARCHIVE= a folder that has it.",
        code="store.gone",
    )
