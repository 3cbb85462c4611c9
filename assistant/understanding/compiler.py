"""hassil's sentence templates compiled into a network of characters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    TextChunk,
)
from hassil.intents import RangeSlotList, SlotList, TextSlotList, WildcardSlotList

from assistant.understanding.expressions import fewest_words, list_references, resolve_list
from assistant.understanding.free_text import COMMAND_SLOT, FreeLists
from assistant.understanding.network import ANY, NO_TEMPLATE, Network, Sub
from assistant.understanding.normalise import fold_piece
from assistant.understanding.numerals import Numerals
from assistant.understanding.scope import Scope

#: In a sentence that the recogniser does not search, free text is only followed after this many words of the
#: template itself: else every "stop the" would look like the beginning of "stop the (anything) timer".
MIN_WORDS_BEFORE_FREE_TEXT = 3


class Compiler:
    """Compiles templates into one `Network`.

    A node of None means "cannot be said", as a list without values; what contains it neither.

    Args:
        numerals: of the language.
        heard: words as they may be heard, and the word of the templates that each stands for; both are
            sentences of the network.
        free: the wildcard lists.
    """

    def __init__(self, numerals: Numerals, heard: Mapping[str, str], free: FreeLists) -> None:
        self.network = Network()
        self._numerals = numerals
        self._heard: dict[str, set[str]] = {}
        for way, written in heard.items():
            self._heard.setdefault(written, set()).add(way)
        self._subs: dict[tuple[object, ...], int | None] = {}
        self._keep_alive: list[object] = []
        self._free = free
        self._free_texts: dict[int, int] = {}
        self.commands: int | None = None

    def template(self, number: int, sentence: Sentence, scope: Scope, end: int) -> int | None:
        """Compile a sentence; returns its start node, or None where nobody can say it."""
        if not self._can_meet_context(sentence, scope):
            return None
        self.network.current_template = number
        start = self.network.node()
        last = self._expression(sentence.expression, start, scope, words_before=0)
        self.network.current_template = NO_TEMPLATE
        if last is None:
            return None
        self.network.free(last, end)
        return start

    def phrases(self, phrases: Collection[str]) -> int:
        """A sub-network of plain phrases."""
        start, end = self._open()
        for phrase in phrases:
            self.network.free(self._text(phrase, start), end)
        return self.sub_network(start)

    def _expression(self, expression: Expression, start: int, scope: Scope, words_before: int) -> int | None:
        if isinstance(expression, TextChunk):
            return self._text(expression.original_text, start)
        if isinstance(expression, Alternative):
            ends = [self._expression(item, start, scope, words_before) for item in expression.items]
            return self._join(ends)
        if isinstance(expression, Permutation):
            return self._permutation(expression, start, scope, words_before)
        if isinstance(expression, Group):
            node: int | None = start
            for item in expression.items:
                if node is None:
                    return None
                node = self._expression(item, node, scope, words_before)
                if scope.has_free_text:
                    words_before += fewest_words(item, scope.rules)
            return node
        if isinstance(expression, RuleReference):
            sub = self._rule(expression.rule_name, scope, words_before)
            return None if sub is None else self.network.call(start, sub)
        if isinstance(expression, ListReference):
            sub = self._list(expression, scope, words_before)
            slot = expression.slot_name
            return None if sub is None else self.network.call(start, sub, slot)
        raise TypeError(f"unknown kind of expression: {expression!r}")

    def _permutation(
        self, permutation: Permutation, start: int, scope: Scope, words_before: int
    ) -> int | None:
        """All orders of the items: one node for each set of items that have been said."""
        items = permutation.items
        said: dict[frozenset[int], list[int]] = {frozenset(): [start]}
        for count in range(len(items)):
            for done in [done for done in said if len(done) == count]:
                node = self._join(said[done])
                assert node is not None
                for index, item in enumerate(items):
                    if index not in done:
                        end = self._expression(item, node, scope, words_before)
                        if end is not None:
                            said.setdefault(done | {index}, []).append(end)
        return self._join(said.get(frozenset(range(len(items))), []))

    def _can_meet_context(self, sentence: Sentence, scope: Scope) -> bool:
        """Whether every required key of the context is given, or can come with a list value."""
        missing = {key for key in scope.required if key not in scope.given}
        for reference in list_references(sentence.expression, scope.rules) if missing else ():
            values = scope.lists.get(reference.list_name)
            if isinstance(values, TextSlotList):
                for value in values.values:
                    missing -= set(value.context or ())
        return not missing

    def _rule(self, name: str, scope: Scope, words_before: int) -> int | None:
        rule = scope.rules[name]
        references = list(list_references(rule.expression, scope.rules))
        key: tuple[object, ...] = ("rule", id(rule), scope.local)
        if any(self._depends_on_context(scope.lists.get(ref.list_name)) for ref in references):
            key += (repr(scope.required), repr(scope.excluded))
        if any(isinstance(scope.lists.get(ref.list_name), WildcardSlotList) for ref in references):
            key += (words_before, scope.is_searched)
        if key not in self._subs:
            self._keep_alive.append(rule)
            start, end = self._open()
            last = self._expression(rule.expression, start, scope, words_before)
            self._subs[key] = None
            if last is not None:
                self.network.free(last, end)
                slots = frozenset(ref.slot_name for ref in references)
                self._subs[key] = self.sub_network(start, slots=slots)
        return self._subs[key]

    def _list(self, reference: ListReference, scope: Scope, words_before: int) -> int | None:
        if reference.slot_name == COMMAND_SLOT:
            return self.commands
        values = resolve_list(reference, scope.lists)
        if isinstance(values, WildcardSlotList):
            followed = scope.is_searched or words_before >= MIN_WORDS_BEFORE_FREE_TEXT
            return self._any_text(self._free.most(reference.list_name)) if followed else None
        key: tuple[object, ...] = ("list", id(values))
        if reference.is_inline_range:
            key = ("range", reference.list_name)
        if self._depends_on_context(values):
            key += (repr(scope.required), repr(scope.excluded))
        if key not in self._subs:
            self._keep_alive.append(values)
            start, end = self._open()
            if isinstance(values, RangeSlotList):
                self._numbers(values, start, end)
            elif isinstance(values, TextSlotList):
                for value in values.values:
                    if scope.allows(value.context):
                        last = self._expression(value.text_in, start, scope, words_before)
                        if last is not None:
                            self.network.free(last, end)
            reach = self.network.reach(start, False)
            possible = reach.edges or reach.calls
            self._subs[key] = self.sub_network(start) if possible else None
        return self._subs[key]

    def _numbers(self, values: RangeSlotList, start: int, end: int) -> None:
        """The numbers of a range; a unit may stand right behind digits or after a space: "5pm", "5 pm".

        Behind a number in words it stands after a space, which is not needed where the sentence ends.
        """
        self.network.edge(end, " ", self._exit_node())
        spoken = self.network.node()
        self.network.edge(spoken, " ", self._exit_node())
        for number in values.get_numbers():
            # "21", "minus 5", "21 point 5": what leads the last word may be digits or words as it likes.
            *lead, last = fold_piece(str(number)).split()
            said = " ".join(self._numerals.sign(word) for word in lead)
            node = self._text(f"{said} ", start) if lead else start
            self.network.free(self._chars(last, node), end)
            for way in self._numerals.words(int(last)):
                if self._numerals.to_digits(way) == last:
                    self.network.free(self._chars(way, node), spoken)

    def _text(self, text: str, start: int) -> int:
        """A piece of text, its numbers in words and in digits, its apostrophes and last sounds optional."""
        text = fold_piece(text)
        node = start
        if text.startswith(" "):
            node = self._chars(" ", node)
        words = text.split()
        at = 0
        while at < len(words):
            if at:
                node = self._chars(" ", node)
            found = self._numerals.match(words, at)
            count = found[1] if found else 1
            spoken = {" ".join(words[at : at + count])}
            if found:
                spoken.add(str(found[0]))
            elif words[at] in self._heard:
                spoken |= self._heard[words[at]]
            elif words[at].isdecimal() and len(words[at]) < 5:
                spoken.update(self._numerals.words(int(words[at])))
            ends = [self._chars(way, node) for way in sorted(spoken)]
            joined = self._join(ends)
            assert joined is not None
            node = joined
            at += count
        if words and text.endswith(" "):
            node = self._chars(" ", node)
        return node

    def _chars(self, text: str, start: int) -> int:
        """A chain of characters; shares its beginning with what starts at the same node already."""
        node = start
        for char in text:
            if char == "'":
                target = self.network.node()
                self.network.free(node, target)
                self.network.edge(node, char, target)
            else:
                known = [target for edge, target in self.network.edges(node) if edge == char]
                target = known[0] if known else self.network.node()
                if not known:
                    self.network.edge(node, char, target)
            node = target
        return node

    def _any_text(self, most: int) -> int:
        """Up to `most` words."""
        if most not in self._free_texts:
            start, end = self._open()
            node = start
            for count in range(most):
                word = self.network.node()
                self.network.edge(node, ANY, word)
                self.network.edge(word, ANY, word)
                self.network.free(word, end)
                if count + 1 < most:
                    node = self.network.node()
                    self.network.edge(word, " ", node)
            self._free_texts[most] = self.sub_network(start)
        return self._free_texts[most]

    def _join(self, ends: Sequence[int | None]) -> int | None:
        nodes = sorted({end for end in ends if end is not None})
        if len(nodes) <= 1:
            return nodes[0] if nodes else None
        joined = self.network.node()
        for node in nodes:
            self.network.free(node, joined)
        return joined

    def _open(self) -> tuple[int, int]:
        start = self.network.node()
        return start, self._exit_node()

    def _exit_node(self) -> int:
        node = self.network.node()
        self.network.exit_nodes.add(node)
        return node

    def sub_network(self, start: int, slots: frozenset[str] = frozenset()) -> int:
        """Make a sub-network of what begins at a node; returns its number."""
        self.network.subs.append(Sub(start, slots))
        return len(self.network.subs) - 1

    @staticmethod
    def _depends_on_context(values: SlotList | None) -> bool:
        return isinstance(values, TextSlotList) and any(value.context for value in values.values)
