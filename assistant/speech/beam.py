"""Beam search among the sentences of a grammar.

Scores are log-probabilities over the whole vocabulary, not only over the allowed tokens, plus a bonus per
token. Without the bonus, a shorter sentence of the grammar gets a better score than a longer one that was
really said.

Where the grammar takes free text, a hypothesis goes on with the best token of the whole vocabulary, as in
free recognition, besides those that lead out of the free text. Such a token gets no bonus, so that free text
wins over words of the grammar only where it fits the sound better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assistant.models.moonshine_shape import END_TOKEN, START_TOKEN, VOCABULARY
from assistant.speech.hypothesis import Hypothesis
from assistant.speech.moonshine import Memory, Moonshine, Step
from assistant.speech.token_automaton import Choices, TokenAutomaton
from common.settings_file import between


@dataclass(frozen=True)
class BeamSettings:
    """How the search runs; the numbers were measured on spoken commands at 6 to 24 dB SNR.

    Attributes:
        width: hypotheses kept per step; 4 loses accuracy, 16 gains nothing.
        token_bonus: added to the score of every token but the end.
        patience: the search stops when so many finished sentences have better scores than every unfinished
            one.
    """

    width: int = field(default=8, metadata=between(1, 256))
    token_bonus: float = field(default=1.2, metadata=between(-100, 100))
    patience: int = field(default=4, metadata=between(1, 256))


@dataclass(frozen=True, slots=True)
class _Live:
    score: float
    state: int
    hypothesis: Hypothesis


def search(
    model: Moonshine,
    memory: Memory,
    automaton: TokenAutomaton,
    max_tokens: int,
    settings: BeamSettings,
    wanted: Callable[[], bool] = lambda: True,
) -> Hypothesis | None:
    """Find the most probable sentence of the grammar for a recording; None if there is none.

    Args:
        model: the recogniser's graphs.
        memory: the encoded recording.
        automaton: the grammar's sentences.
        max_tokens: longest sentence that is considered, in tokens.
        settings: width and scoring.
        wanted: called before each token; if it returns False, the search ends with None.
    """
    live = [_Live(0.0, automaton.start, Hypothesis())]
    finished: list[tuple[float, Hypothesis]] = []
    tokens = np.array([START_TOKEN], np.int64)
    parents = np.zeros(1, np.int64)
    past = None
    for position in range(max_tokens):
        if not wanted():
            return None
        choices = [automaton.choices(one.state) for one in live]
        ending = [row for row, choice in enumerate(choices) if choice.ends]
        free = np.array([row for row, choice in enumerate(choices) if choice.free], np.int64)
        step = model.step(
            memory, tokens, position, past, parents=parents, wanted=_wanted(choices, ending), picks=free
        )
        past = step.past
        if ending:
            _finish(live, ending, step.wanted_logp[-len(ending) :], finished)
            del finished[settings.patience :]
        enough = len(finished) == settings.patience
        worst_finished = finished[-1][0] if enough else -np.inf
        extended = _extend(live, choices, step.wanted_logp, worst_finished, settings)
        extended += _extend_freely(live, choices, free, step, automaton, worst_finished)
        if not extended:
            break
        extended.sort(key=lambda pair: -pair[1].score)
        parents = np.array([row for row, _ in extended[: settings.width]], np.int64)
        live = [one for _, one in extended[: settings.width]]
        tokens = np.array([one.hypothesis.tokens[-1] for one in live], np.int64)
    return finished[0][1] if finished else None


def _wanted(choices: list[Choices], ending: list[int]) -> NDArray[np.int64]:
    """Indices `row * VOCABULARY + token`, int64, of all allowed tokens by row, then of the end tokens."""
    parts = [choice.tokens + row * VOCABULARY for row, choice in enumerate(choices)]
    parts.append(np.array(ending, np.int64) * VOCABULARY + END_TOKEN)
    return np.concatenate(parts)


def _finish(
    live: list[_Live],
    ending: list[int],
    logps: NDArray[np.float32],
    finished: list[tuple[float, Hypothesis]],
) -> None:
    for row, logp in zip(ending, logps.tolist(), strict=True):
        hypothesis = live[row].hypothesis.followed_by(END_TOKEN, logp)
        finished.append((live[row].score + logp, hypothesis))
    finished.sort(key=lambda pair: -pair[0])


def _extend(
    live: list[_Live],
    choices: list[Choices],
    wanted_logp: NDArray[np.float32],
    threshold: float,
    settings: BeamSettings,
) -> list[tuple[int, _Live]]:
    """The best extensions of all hypotheses by tokens of the grammar, each with the row that it extends."""
    sizes = [len(choice.tokens) for choice in choices]
    count = sum(sizes)
    starts = np.cumsum([0, *sizes])
    logps = wanted_logp[:count]
    scores = logps + np.repeat([one.score + settings.token_bonus for one in live], sizes)
    best = np.arange(count)
    if count > settings.width:
        best = np.argpartition(scores, count - settings.width)[count - settings.width :]
    best = best[np.argsort(-scores[best])]
    best = best[scores[best] > threshold]
    rows = np.searchsorted(starts, best, side="right") - 1
    extended = []
    for place, row in zip(best.tolist(), rows.tolist(), strict=True):
        at = place - int(starts[row])
        token, state = int(choices[row].tokens[at]), int(choices[row].states[at])
        hypothesis = live[row].hypothesis.followed_by(token, float(logps[place]))
        extended.append((row, _Live(float(scores[place]), state, hypothesis)))
    return extended


def _extend_freely(
    live: list[_Live],
    choices: list[Choices],
    free: NDArray[np.int64],
    step: Step,
    automaton: TokenAutomaton,
    threshold: float,
) -> list[tuple[int, _Live]]:
    """The extensions by free text: the best token of each row where free text may go on.

    Args:
        free: int64 [n], the rows; `step` has the best token of each.
    """
    extended = []
    for row, token, logp in zip(free.tolist(), step.best.tolist(), step.best_logp.tolist(), strict=True):
        one = live[row]
        # What the grammar takes too is there already, with its bonus.
        if token == END_TOKEN or one.score + logp <= threshold or token in choices[row].tokens:
            continue
        state = automaton.follow(one.state, token)
        if state is not None:
            extended.append((row, _Live(one.score + logp, state, one.hypothesis.followed_by(token, logp))))
    return extended
