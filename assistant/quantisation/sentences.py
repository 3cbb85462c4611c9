"""Labelled sentences: a few of each label to learn it by, others to judge by.

Two formats are read. A `.jsonl` has an object a line with `sentence` or `text`, and `intent` or `label`
(SLURP, pswietojanski/slurp). A `.json` is that of CLINC150 (clinc/oos-eval, Larson and others, 2019): lists
of [sentence, intent] under "train" and "test"; what is out of scope is left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from common.errors import InvalidInput, NotFound
from common.files import read_plain

_MOST_BYTES = 64 << 20
#: Sentences by which a label is learnt.
SHOTS = 10


@dataclass(frozen=True)
class Labelled:
    """A sentence and its label."""

    text: str
    label: str


@dataclass(frozen=True)
class SentenceSet:
    """What the labels are learnt by, and what is judged."""

    shots: tuple[Labelled, ...]
    queries: tuple[Labelled, ...]


def read_sentences(path: Path, shots: int = SHOTS, queries: int | None = None) -> SentenceSet:
    """Shots and queries of a file.

    Args:
        path: `.jsonl` or `.json`, see above.
        shots: so many of each label; of a `.jsonl` its first ones. A label that has no more is left out.
        queries: at most so many of each label; None for all.

    Raises:
        NotFound: `quantise.no-data`.
        InvalidInput: `quantise.labels`, it is neither format, or too few labels are left.
    """
    try:
        data = read_plain(path, _MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES >> 20} MB")
        text = data.decode("utf-8")
        if path.suffix == ".json":
            table = json.loads(text)
            learnt = [Labelled(*_pair(entry)) for entry in table["train"]]
            judged = [Labelled(*_pair(entry)) for entry in table["test"]]
        else:
            learnt = [_object(json.loads(line)) for line in text.splitlines() if line.strip()]
            judged = None
    except FileNotFoundError:
        raise NotFound(
            f"there are no labelled sentences {path}",
            hint="name a file with --labels",
            code="quantise.no-data",
        ) from None
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _unusable(path, str(error)) from error
    by_label = _grouped(learnt)
    rest = _grouped(judged) if judged is not None else {k: v[shots:] for k, v in by_label.items()}
    labels = [label for label in by_label if rest.get(label)]
    if len(labels) < 2:
        raise _unusable(path, f"fewer than two labels have more than {shots} sentences")
    return SentenceSet(
        tuple(each for label in labels for each in by_label[label][:shots]),
        tuple(each for label in labels for each in rest[label][:queries]),
    )


def _grouped(sentences: Iterable[Labelled]) -> dict[str, list[Labelled]]:
    groups: dict[str, list[Labelled]] = defaultdict(list)
    for each in sentences:
        groups[each.label].append(each)
    return groups


def _pair(entry: object) -> tuple[str, str]:
    if not (isinstance(entry, list) and len(entry) == 2 and all(isinstance(each, str) for each in entry)):
        raise ValueError("an entry is no pair of sentence and intent")
    return entry[0], entry[1]


def _object(entry: object) -> Labelled:
    if not isinstance(entry, dict):
        raise ValueError("a line is no object")
    text = entry.get("sentence", entry.get("text"))
    label = entry.get("intent", entry.get("label"))
    if not isinstance(text, str) or not isinstance(label, str):
        raise ValueError("a line has no sentence or no intent")
    return Labelled(text, label)


def _unusable(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"the labelled sentences {path} cannot be used: {why}",
        hint='give a .jsonl of {"sentence": ..., "intent": ...}, or a .json as CLINC150 has it',
        code="quantise.labels",
    )
