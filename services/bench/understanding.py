"""How much of what people say is understood as it was meant, and how much of what is not for the box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from assistant.assistant import Assistant
from assistant.home.names import home_names
from assistant.understanding.parse import Parse
from services.bench import slurp
from services.bench.figures import percentiles
from services.bench.slurp import Meanings, Sentence
from services.bench.template_sentences import Sample, samples

#: Confusions, and sentences of each kind, that are kept.
_MOST_SHOWN = 40
NOTHING = "nothing"


def run(assistant: Assistant, folder: Path | None) -> dict[str, Any]:
    """Everything that can be measured here.

    Args:
        assistant: understands; nothing is carried out.
        folder: of the sentences of SLURP; None if they are not here.
    """
    times: list[float] = []

    def understand(text: str) -> Parse | None:
        began = perf_counter()
        parse = assistant.dialogue.plan(text, speaker="bench").parse
        times.append((perf_counter() - began) * 1e3)
        return parse

    own = [(sample, understand(sample.text)) for sample in samples(home_names(assistant.home))]
    results: dict[str, Any] = {"templates": _of_templates(own), "slurp": None}
    if folder is not None:
        sentences = slurp.read_sentences(folder)
        pairs = [(sentence, understand(sentence.text)) for sentence in sentences]
        results["slurp"] = of_slurp(pairs, slurp.meanings())
    results["milliseconds"] = percentiles(times)
    return results


def of_slurp(pairs: Sequence[tuple[Sentence, Parse | None]], meanings: Meanings) -> dict[str, Any]:
    """Figures of SLURP's sentences with what was understood. Pure."""
    mine = [pair for pair in pairs if meanings.is_for_the_box(pair[0])]
    foreign = [pair for pair in pairs if not meanings.is_for_the_box(pair[0])]
    taken = [(sentence, parse) for sentence, parse in foreign if parse is not None]
    return {
        "mine": _share(mine, meanings),
        "by_intent": {
            name: _share([pair for pair in mine if pair[0].intent == name], meanings)
            for name in sorted({sentence.intent for sentence, _ in mine})
        },
        "by_source": _by_source(mine, meanings),
        "by_fold": [
            _share([pair for pair in mine if pair[0].fold == fold], meanings) for fold in range(slurp.FOLDS)
        ],
        "confusions": _confusions(mine, meanings),
        "values_missed": [
            f"{sentence.text} -> {parse.intent} {dict(parse.slots)}"
            for sentence, parse in mine
            if parse is not None
            and meanings.intent_is_right(sentence, parse)
            and not meanings.values_are_right(sentence, parse)
        ][:_MOST_SHOWN],
        "foreign": {
            "count": len(foreign),
            "taken": len(taken),
            "taken_percent": _percent(len(taken), len(foreign)),
            "taken_as": [f"{sentence.text} -> {parse.intent}" for sentence, parse in taken][:_MOST_SHOWN],
        },
    }


def _share(pairs: Sequence[tuple[Sentence, Parse | None]], meanings: Meanings) -> dict[str, Any]:
    taken = sum(parse is not None for _, parse in pairs)
    right = [(sentence, parse) for sentence, parse in pairs if meanings.intent_is_right(sentence, parse)]
    whole = sum(parse is not None and meanings.values_are_right(sentence, parse) for sentence, parse in right)
    return {
        "count": len(pairs),
        "taken_percent": _percent(taken, len(pairs)),
        "intent_right_percent": _percent(len(right), len(pairs)),
        "all_right_percent": _percent(whole, len(pairs)),
    }


def _by_source(pairs: Sequence[tuple[Sentence, Parse | None]], meanings: Meanings) -> dict[str, Any]:
    """Of what each source took, how much is right."""
    sources = sorted({parse.by for _, parse in pairs if parse is not None})
    return {
        str(source): _share([pair for pair in pairs if pair[1] and pair[1].by == source], meanings)
        for source in sources
    }


def _confusions(pairs: Iterable[tuple[Sentence, Parse | None]], meanings: Meanings) -> list[dict[str, Any]]:
    """What was meant, what it was taken for, and how often; the most frequent first."""
    counts = Counter(
        (sentence.intent, parse.intent if parse is not None else NOTHING)
        for sentence, parse in pairs
        if not meanings.intent_is_right(sentence, parse)
    )
    return [
        {"meant": meant, "taken_as": taken_as, "count": count}
        for (meant, taken_as), count in counts.most_common(_MOST_SHOWN)
    ]


def _of_templates(pairs: Sequence[tuple[Sample, Parse | None]]) -> dict[str, Any]:
    by_intent: dict[str, list[tuple[Sample, Parse | None]]] = {}
    for sample, parse in pairs:
        by_intent.setdefault(sample.intent, []).append((sample, parse))
    wrong = [(sample, parse) for sample, parse in pairs if parse is not None and not _is_right(sample, parse)]
    return {
        "all": _template_share(pairs),
        "by_intent": {name: _template_share(found) for name, found in sorted(by_intent.items())},
        "wrong": [
            f"{sample.text} -> {parse.intent} {dict(parse.slots)}, not {sample.intent} {dict(sample.slots)}"
            for sample, parse in wrong
        ][:_MOST_SHOWN],
    }


def _template_share(pairs: Sequence[tuple[Sample, Parse | None]]) -> Mapping[str, Any]:
    return {
        "count": len(pairs),
        "taken_percent": _percent(sum(parse is not None for _, parse in pairs), len(pairs)),
        "intent_right_percent": _percent(
            sum(parse is not None and parse.intent == sample.intent for sample, parse in pairs), len(pairs)
        ),
        "all_right_percent": _percent(sum(_is_right(*pair) for pair in pairs), len(pairs)),
    }


def _is_right(sample: Sample, parse: Parse | None) -> bool:
    return parse is not None and parse.intent == sample.intent and sample.is_met_by(parse)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / max(1, whole), 1)
