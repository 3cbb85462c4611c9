"""A grammar network walked character by character, made deterministic as far as it is needed.

The whole deterministic machine of a home has more than ten thousand states and was never built in
full; what one sentence touches is a few dozen. So a state is made when a step first reaches it.

A state is a set of places. A place is (node, link): a link stands for the set of places that the
node's sub-network returns to, so that forty templates which call {area} at the same moment share
one walk through the areas (a graph-structured stack, as in generalised LR parsing, M. Tomita 1986).
"""

from __future__ import annotations

import threading
from array import array
from collections import defaultdict
from collections.abc import Set
from dataclasses import dataclass
from heapq import heappop, heappush

from assistant.understanding.network import ANY, NO_TEMPLATE, Network

DEAD = -1
_UNMADE = -2

Place = tuple[int, int]


@dataclass(frozen=True)
class Continuation:
    """One way in which a text could go on.

    Attributes:
        template: number of the template.
        slots: slots that may still be filled.
        value_under_way: the slot whose value is not finished yet, as "living" of "living room".
    """

    template: int
    slots: frozenset[str]
    value_under_way: str | None


class _State:
    """A set of places; `moves` is None until the state is first stepped from."""

    __slots__ = ("after_space", "finishes", "moves", "places", "targets")

    def __init__(self, places: frozenset[Place], after_space: bool) -> None:
        self.places = places
        self.after_space = after_space
        self.moves: dict[str, int] | None = None
        self.targets: dict[str, frozenset[Place]] = {}
        self.finishes: bool | None = None


class GrammarAutomaton:
    """The machine that a recogniser steps through; safe to use from several threads.

    A sentence is its normalised text: words parted by one space. State numbers stay valid for the
    life of the automaton: when `max_states` states or `max_places` places are held they are all
    dropped, and a dropped state is made again from the path that first led to it.

    More than twelve attributes: the tables of states and their bounds are dropped together, under one lock.

    Args:
        network: the compiled grammar.
        start_node: the node where all sentences start.
        max_states: how many states are held at most (about 2 to 3 kB each).
        max_places: how many places they have at most, here and where they lead (about 150 bytes each); with a
            thousand sentences that begin alike, each state has a thousand.
    """

    def __init__(
        self, network: Network, start_node: int, max_states: int = 10_000, max_places: int = 400_000
    ) -> None:
        self._network = network
        self._max_states = max_states
        self._max_places = max_places
        self._lock = threading.RLock()
        self._parents = array("q", [DEAD])
        self._chars = array("L", [0])
        self._start_places = frozenset({(start_node, 0)})
        self._clear()

    @property
    def start(self) -> int:
        """The state before the first character."""
        return 0

    def step(self, state: int, char: str) -> int:
        """The state after one more character, or -1 where no sentence goes on so."""
        held = self._live.get(state)
        if held is not None and held.moves is not None:
            target = held.moves.get(char, DEAD)
            if target >= DEAD and (target != DEAD or ANY not in held.targets):
                return target
        if state < 0 or len(char) != 1:
            return DEAD
        with self._lock:
            return self._make_step(state, char)

    def accepts(self, state: int) -> bool:
        """Whether the text so far is a sentence of the grammar."""
        if state < 0:
            return False
        held = self._live.get(state)
        if held is None or held.finishes is None:
            with self._lock:
                held = self._resolve(state)
                held.finishes = not held.after_space and any(map(self._can_finish, held.places))
        return held.finishes

    def chars(self, state: int) -> Set[str]:
        """The characters that a sentence may go on with, those of free text left out."""
        if state < 0:
            return frozenset()
        with self._lock:
            known = self._resolve(state)
            self._moves_of(known)
        return known.targets.keys() - {ANY}

    def is_free(self, state: int) -> bool:
        """Whether free text may go on here, with any character but a space."""
        if state < 0:
            return False
        with self._lock:
            known = self._resolve(state)
            self._moves_of(known)
        return ANY in known.targets

    def walk(self, text: str, state: int = 0) -> int:
        """The state after a whole normalised text, or -1."""
        for char in text:
            state = self.step(state, char)
            if state == DEAD:
                break
        return state

    def continuations(self, state: int) -> frozenset[Continuation]:
        """The ways in which a text that ends here could go on by at least one more word."""
        following = self.step(state, " ")
        if following == DEAD:
            return frozenset()
        with self._lock:
            found: set[Continuation] = set()
            for place in self._resolve(following).places:
                found |= self._continue(place)
            return frozenset(found)

    def _clear(self) -> None:
        self._live: dict[int, _State] = {0: _State(self._start_places, after_space=True)}
        self._places = 0
        self._numbers: dict[tuple[frozenset[Place], bool], int] = {}
        self._links: list[frozenset[Place]] = [frozenset()]
        self._link_numbers: dict[frozenset[Place], int] = {}
        self._link_finishes: dict[int, bool] = {}

    def _make_step(self, state: int, char: str) -> int:
        if len(self._live) >= self._max_states or self._places >= self._max_places:
            self._clear()
        held = self._resolve(state)
        moves = self._moves_of(held)
        target = moves.get(char, DEAD)
        if target >= 0 or (target == DEAD and (char == " " or ANY not in held.targets)):
            return target
        places = held.targets.get(char, frozenset())
        if char != " ":
            places |= held.targets.get(ANY, frozenset())
        number = moves[char] = self._number(places, char, state)
        return number

    def _number(self, places: frozenset[Place], char: str, parent: int) -> int:
        key = (places, char == " ")
        number = self._numbers.get(key)
        if number is None:
            number = len(self._parents)
            self._parents.append(parent)
            self._chars.append(ord(char))
            self._numbers[key] = number
            self._live[number] = _State(*key)
        return number

    def _resolve(self, state: int) -> _State:
        """The held state of a number, made again where it was dropped."""
        held = self._live.get(state)
        if held is not None:
            return held
        path = [state]
        while path[-1] not in self._live:
            path.append(self._parents[path[-1]])
        for parent, child in zip(reversed(path), reversed(path[:-1]), strict=False):
            known = self._live[parent]
            self._moves_of(known)
            char = chr(self._chars[child])
            places = known.targets.get(char, frozenset())
            if char != " ":
                places |= known.targets.get(ANY, frozenset())
            self._live[child] = _State(places, char == " ")
            self._numbers.setdefault((places, char == " "), child)
        return self._live[state]

    def _moves_of(self, state: _State) -> dict[str, int]:
        """All moves of a state; worked out once, which is the only costly step (0.1 to 3 ms)."""
        if state.moves is not None:
            return state.moves
        network, after_space = self._network, state.after_space
        targets: defaultdict[str, set[Place]] = defaultdict(set)
        returns: defaultdict[int, set[Place]] = defaultdict(set)
        seen, todo = set(state.places), list(state.places)
        while todo:
            node, link = todo.pop()
            reach = network.reach(node, after_space)
            for char, target in reach.edges:
                targets[char].add((target, link))
            for sub, after in reach.calls:
                returns[sub].add((after, link))
            if reach.exits:
                fresh = self._links[link] - seen
                seen |= fresh
                todo.extend(fresh)
        # Callers come before what they call, so all returns of a call are known when it is made.
        pending = [(-network.ranks[sub], sub) for sub in returns]
        pending.sort()
        while pending:
            _, sub = heappop(pending)
            link = self._link(frozenset(returns[sub]))
            reach = network.reach(network.subs[sub].start, after_space)
            for char, target in reach.edges:
                targets[char].add((target, link))
            for inner, after in reach.calls:
                if inner not in returns:
                    heappush(pending, (-network.ranks[inner], inner))
                returns[inner].add((after, link))
        state.targets = {char: frozenset(places) for char, places in targets.items()}
        self._places += len(seen) + sum(map(len, targets.values()))
        state.moves = dict.fromkeys((char for char in targets if char != ANY), _UNMADE)
        return state.moves

    def _link(self, places: frozenset[Place]) -> int:
        number = self._link_numbers.get(places)
        if number is None:
            number = self._link_numbers[places] = len(self._links)
            self._links.append(places)
        return number

    def _can_finish(self, place: Place) -> bool:
        node, link = place
        if not self._network.can_finish(node):
            return False
        if link == 0:
            return True
        known = self._link_finishes.get(link)
        if known is None:
            known = self._link_finishes[link] = any(map(self._can_finish, self._links[link]))
        return known

    def _continue(self, place: Place) -> set[Continuation]:
        node, link = place
        network = self._network
        reach = network.reach(node, True)
        ahead = network.slots_ahead(node)
        goes_on = bool(reach.edges or reach.calls)
        if link == 0:
            template = network.template_of[node]
            if not goes_on or template == NO_TEMPLATE:
                return set()
            return {Continuation(template, ahead, None)}
        found: set[Continuation] = set()
        for after in self._links[link]:
            if reach.exits:
                found |= self._continue(after)
            if goes_on:
                slot = network.slot_of.get(after[0])
                found |= {
                    Continuation(outer.template, outer.slots | ahead, outer.value_under_way or slot)
                    for outer in self._owners(after)
                }
        return found

    def _owners(self, place: Place) -> set[Continuation]:
        """The templates that a place belongs to, with what they may still fill after it."""
        node, link = place
        ahead = self._network.slots_ahead(node)
        if link == 0:
            template = self._network.template_of[node]
            return set() if template == NO_TEMPLATE else {Continuation(template, ahead, None)}
        return {
            Continuation(outer.template, outer.slots | ahead, self._network.slot_of.get(after[0]))
            for after in self._links[link]
            for outer in self._owners(after)
        }
