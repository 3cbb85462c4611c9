"""`sotto models list | verify | fetch | prepare`."""

from __future__ import annotations

import argparse

from assistant.models.catalogue import CATALOGUE, REQUIRED
from assistant.models.fetch import fetch
from assistant.models.prepare import prepare
from assistant.models.progress import print_line
from assistant.models.store import ModelStore
from common.paths import models_dir


def models(options: argparse.Namespace) -> int:
    """Show, check, fetch or prepare the models of this machine."""
    store = ModelStore(models_dir())
    if options.action == "fetch":
        written = fetch(store.root, print_line, catalogue=CATALOGUE if options.optional else REQUIRED)
        print(f"fetched: {', '.join(written)}" if written else "nothing to fetch")
        return 0
    if options.action == "prepare":
        made = prepare(store, print_line, force=options.force, portable=options.portable)
        print("prepared" if made else "nothing to prepare")
        return 0
    if options.action == "verify":
        problems = store.verify()
        for problem in problems:
            print(f"{problem.entry}/{problem.basename}: {problem.what}")
        if problems:
            print("fix: make setup; outside a checkout sotto models fetch, then sotto models prepare")
            return 1
        print(f"all models in use are complete and unchanged in {store.root}")
        return 0
    for entry in CATALOGUE:
        size = sum(file.size for file in entry.files) / 1e6
        print(
            f"{entry.name:<20} {entry.version:<8} {entry.task:<5} {entry.language:<3} "
            f"{size:7.1f} MB  {entry.licence:<12} {store.state(entry.name)}"
        )
    return 0
