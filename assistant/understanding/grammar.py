"""The grammar of a home: what a text means, and whether it could go on."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from hassil.expression import Sentence
from hassil.intents import Intent, IntentData, Intents, WildcardSlotList
from hassil.models import MatchEntity
from hassil.recognize import RecognizeResult, recognize_all
from hassil.util import remove_skip_words

from assistant.understanding.abbreviations import Abbreviations
from assistant.understanding.automaton import DEAD, GrammarAutomaton
from assistant.understanding.blocks import canonical, compile_network, load_intents
from assistant.understanding.completeness import Completeness
from assistant.understanding.delay import can_be_delayed
from assistant.understanding.elision import elisions
from assistant.understanding.expressions import list_references
from assistant.understanding.extension import is_extendable
from assistant.understanding.free_text import (
    COMMAND_SLOT,
    FreeLists,
    places_heard,
    words_between,
)
from assistant.understanding.names import HomeNames
from assistant.understanding.normalise import normalise
from assistant.understanding.numerals import numerals
from assistant.understanding.parse import Parse, parse_of
from assistant.understanding.readings import Rank, Readings
from assistant.understanding.rooms import RoomsBehindNames
from assistant.understanding.spelling import as_written, respelled
from assistant.understanding.steps import bounded_steps
from assistant.understanding.vocabulary import vocabulary
from common.errors import TooLarge

log = logging.getLogger(__name__)

#: A sentence sets this slot where it lacks what it needs ("set a timer"): the box asks for that, but only
#: after the wait for an unfinished sentence, since most people are about to say it.
MISSING_SLOT = "missing"
#: Texts whose meaning is remembered.
_REMEMBERED = 64


class Grammar:
    """Matches texts, and drives the recogniser's search.

    More than twelve attributes: what is compiled from one set of sentences is exchanged as a whole.

    Args:
        source: hassil's input dictionary.
        home: the names that can be spoken.
        here: value of the area that is meant when none is named.
        own_lists: wildcard lists of the owner, which may hold more words than the built-in ones.
        key: fingerprint of all of the above.
    """

    def __init__(
        self,
        source: dict[str, Any],
        home: HomeNames,
        *,
        here: str | None = None,
        own_lists: frozenset[str] = frozenset(),
        key: str = "",
    ) -> None:
        self.key = key
        self.source = source
        self.known_prefix: tuple[str, ...] = ()
        self.language = str(source["language"])
        self._numerals = numerals(self.language)
        self._context = {"area": here} if here else {}
        self._free = FreeLists(source["lists"], own_lists)
        self._abbreviations = Abbreviations(source.get("abbreviations", {}))
        self._skip_words = [normalise(word) for word in source.get("skip_words", [])]
        self._intents = load_intents(source, home, self._numerals)
        written = vocabulary(self._intents, self._numerals, self._skip_words)
        elided = elisions(written) if self._numerals.english else {}
        self._heard = {**respelled(home.words), **elided}
        self.words = written | self._heard.keys()
        self._readings = Readings(home, self._numerals.english)
        self._rooms = RoomsBehindNames(
            home, self._intents.expansion_rules, lambda name: canonical(normalise(name), self._numerals)
        )
        compiled = compile_network(
            self._intents,
            self._numerals,
            self._skip_words,
            frozenset(self._context),
            self._heard,
            self._free,
            self._rooms,
        )
        self._templates = compiled.templates
        self._required = [
            (name, data, [text.get_required_clauses(self._rules(data)) for text in data.sentences])
            for name, intent in self._intents.intents.items()
            for data in intent.data
        ]
        # The recogniser, endpointing and the dialogue ask for the meaning of the same text.
        self._meaning = lru_cache(maxsize=_REMEMBERED)(self._understand)
        self.automaton = GrammarAutomaton(compiled.network, compiled.plain_start)
        self._all = GrammarAutomaton(compiled.network, compiled.start)

    @property
    def intents(self) -> frozenset[str]:
        """Names of all intents that a sentence can have."""
        return frozenset(name for name, data, _ in self._required if data.sentences)

    def parse(self, text: str) -> Parse | None:
        """The meaning of a text, or None where the grammar does not know it.

        Where several sentences match, the one with the least free text wins, then the one that the home
        can carry out best (`readings`). A text that has no meaning as it is written is looked at with the
        spellings of the grammar: "kuche" for "Küche".

        A text that is too long, or that takes more than `MAX_STEPS` steps to match, is not known.
        """
        try:
            parse = self._meaning(normalise(text))
            return parse if parse is None or not parse.free else self._as_heard(parse, text)
        except TooLarge:
            return None

    def free_words(self, text: str) -> frozenset[int]:
        """See `RecognitionGrammar.free_words`."""
        try:
            parse = self._meaning(normalise(text))
            places = places_heard(text, self._numerals) if parse is not None and parse.free else None
        except TooLarge:
            return frozenset()
        if parse is None or places is None:
            return frozenset()
        spans = [(places[first][0], places[last][1]) for first, last in parse.free.values()]
        return frozenset(place for first, last in spans for place in range(first, last + 1))

    def _as_heard(self, parse: Parse, text: str) -> Parse:
        """A meaning with its free text as it was written: with capitals, apostrophes and numbers in words."""
        places = places_heard(text, self._numerals)
        if places is None:
            return parse
        heard = {
            slot: words_between(text, places[first][0], places[last][1])
            for slot, (first, last) in parse.free.items()
        }
        return replace(
            parse, slots={**parse.slots, **{slot: words for slot, words in heard.items() if words}}
        )

    def parses(self, text: str) -> bool:
        """Whether the text is a sentence of the grammar."""
        return self.parse(text) is not None

    def completeness(self, text: str) -> Completeness:
        """Whether a text is a sentence, could become another, or only begins one.

        What counts as "could become another" is written in `extension`. A sentence that has the slot
        `MISSING_SLOT` is unfinished although it parses.
        """
        try:
            plain = normalise(text)
        except TooLarge:
            return Completeness.UNPARSED
        state = self._all.walk(plain)
        if state == DEAD:
            state = self._all.walk(remove_skip_words(plain, self._skip_words, False))
        parse = self._meaning(plain)
        if parse is None or MISSING_SLOT in parse.slots:
            begins = parse is not None or (state != DEAD and bool(plain))
            return Completeness.UNFINISHED if begins else Completeness.UNPARSED
        if self._ends_freely(parse) or (
            state != DEAD
            and is_extendable(parse.intent, parse.spoken, self._all.continuations(state), self._templates)
        ):
            return Completeness.EXTENDABLE
        return Completeness.COMPLETE

    def _ends_freely(self, parse: Parse) -> bool:
        """Whether a text ends with free text, which may always have another word."""
        last = self._canonical(parse.text).count(" ")
        return any(end == last for _, end in parse.free.values())

    def _understand(self, plain: str) -> Parse | None:
        try:
            with bounded_steps():
                return self._parse(plain, delayed=True)
        except (TooLarge, RecursionError) as error:
            log.warning("a text of %d characters is not understood: %s", len(plain), error)
            return None

    def _parse(self, plain: str, delayed: bool) -> Parse | None:
        if not plain:
            return None
        best = self._best(self._canonical(plain), delayed)
        if best is None and (written := self._as_written(plain)) != plain:
            best = self._best(self._canonical(written), delayed)
        return None if best is None else parse_of(best, plain, self._canonical(plain))

    def _canonical(self, plain: str) -> str:
        return self._abbreviations.written_out(canonical(plain, self._numerals))

    def _as_written(self, plain: str) -> str:
        return " ".join(as_written(word, self._heard, self.words) for word in plain.split())

    def _best(self, text: str, delayed: bool) -> RecognizeResult | None:
        found = self._matches(text, delayed)
        if (in_front := self._rooms.in_front(text)) != text:
            found = [*found, *self._matches(in_front, delayed, room_behind=True)]
        return min(found, key=lambda pair: pair[0], default=(None, None))[1]

    def _matches(
        self, text: str, delayed: bool, room_behind: bool = False
    ) -> list[tuple[Rank, RecognizeResult]]:
        results = recognize_all(
            text, self._candidates(text), intent_context=self._context, language=self.language
        )
        return [
            (self._readings.rank(result, room_behind), result)
            for result in results
            if self._is_sound(result, delayed)
        ]

    def _candidates(self, text: str) -> Intents:
        """The intents reduced to templates whose literal words all occur in the text.

        hassil filters in the same way, but only after it has built the settings of every block.
        """
        chosen: dict[str, Intent] = {}
        for name, data, templates in self._required:
            if any(_has_words(clauses, text) for clauses in templates):
                chosen.setdefault(name, Intent(name=name)).data.append(data)
        return replace(self._intents, intents=chosen)

    def _rules(self, data: IntentData) -> dict[str, Sentence]:
        shared = self._intents.expansion_rules
        return {**shared, **data.expansion_rules} if data.expansion_rules else shared

    def _is_sound(self, result: RecognizeResult, delayed: bool) -> bool:
        """Free text must not swallow what is no part of a command."""
        for entity in result.entities_list:
            if not entity.is_wildcard:
                continue
            if entity.name == COMMAND_SLOT:
                command = self._parse(entity.text.strip(), delayed=False) if delayed else None
                if command is None or not can_be_delayed(command.intent, command.slots):
                    return False
            elif self._is_refused(result, entity):
                return False
        return True

    def _is_refused(self, result: RecognizeResult, entity: MatchEntity) -> bool:
        """Whether no wildcard of the matched sentence that fills the slot can hold the text."""
        assert result.intent_sentence is not None
        data = result.intent_data
        references = list_references(result.intent_sentence.expression, self._rules(data))
        lists = {**self._intents.slot_lists, **data.slot_lists}
        return all(
            self._free.refuses(ref.list_name, entity.text)
            for ref in references
            if ref.slot_name == entity.name and isinstance(lists.get(ref.list_name), WildcardSlotList)
        )


def _has_words(clauses: Iterable[Iterable[str]], text: str) -> bool:
    return all(any(fragment in text for fragment in clause) for clause in clauses)
