"""A grammar as a network of characters: templates that call lists and rules as subroutines.

Nodes are numbers. From a node lead character edges, free edges, and calls: "walk the whole
sub-network, then go on here". Lists and rules are therefore stored once, however many templates use
them. The network must not be recursive (hassil's grammars cannot be).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

#: An edge that any character except a space may take; for text that no list bounds.
ANY = "\0"
NO_TEMPLATE = -1


@dataclass
class Sub:
    """A sub-network: where it starts; it ends at any exit node that its start leads to."""

    start: int
    #: Slots that may be filled inside.
    slots: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reach:
    """What can be done from a node without taking a character.

    Attributes:
        edges: (character, target) pairs.
        calls: (sub-network, node to return to) pairs.
        exits: whether the end of the node's own network is reached.
    """

    edges: tuple[tuple[str, int], ...]
    calls: tuple[tuple[int, int], ...]
    exits: bool


class Network:
    """Nodes, edges and sub-networks; filled by the compiler, then only read.

    `template_of[node]` names the template a node lies in: `NO_TEMPLATE` in what all templates
    share, without meaning inside sub-networks. `slot_of[node]` is the slot that a call which
    returns to this node has filled.
    """

    def __init__(self) -> None:
        self._edges: list[list[tuple[str, int]]] = []
        self._free: list[list[int]] = []
        self._calls: list[list[tuple[int, int]]] = []
        self.template_of: list[int] = []
        self.slot_of: dict[int, str] = {}
        self.exit_nodes: set[int] = set()
        self.subs: list[Sub] = []
        self.current_template = NO_TEMPLATE
        self._reach: dict[tuple[int, bool], Reach] = {}
        self._nullable: dict[tuple[int, bool], bool] = {}
        self._slots_ahead: dict[int, frozenset[str]] = {}

    def __len__(self) -> int:
        return len(self._edges)

    def node(self) -> int:
        """A new node, owned by the template that is being compiled."""
        self._edges.append([])
        self._free.append([])
        self._calls.append([])
        self.template_of.append(self.current_template)
        return len(self._edges) - 1

    def edge(self, source: int, char: str, target: int) -> None:
        """Add a character edge."""
        self._edges[source].append((char, target))

    def free(self, source: int, target: int) -> None:
        """Add an edge that takes no character."""
        self._free[source].append(target)

    def call(self, source: int, sub: int, slot: str | None = None) -> int:
        """Add a call of a sub-network, filling `slot`; returns the node after it."""
        after = self.node()
        self._calls[source].append((sub, after))
        if slot is not None:
            self.slot_of[after] = slot
        return after

    def edges(self, node: int) -> list[tuple[str, int]]:
        """The character edges of one node alone."""
        return self._edges[node]

    def reach(self, node: int, after_space: bool) -> Reach:
        """What can be done from a node; after a space, further spaces cost nothing (kept)."""
        key = (node, after_space)
        known = self._reach.get(key)
        if known is None:
            known = self._reach[key] = self._explore(node, after_space)
        return known

    def can_finish(self, node: int) -> bool:
        """Whether the end of the node's own network is reached by spaces at most."""
        return self.reach(node, True).exits

    def slots_ahead(self, node: int) -> frozenset[str]:
        """Slots that a path from the node to the end of its own network may fill (kept)."""
        known = self._slots_ahead.get(node)
        if known is not None:
            return known
        slots: set[str] = set()
        seen, todo = {node}, [node]
        while todo:
            at = todo.pop()
            following = [*self._free[at], *(target for _, target in self._edges[at])]
            for sub, after in self._calls[at]:
                slots |= self.subs[sub].slots
                if after in self.slot_of:
                    slots.add(self.slot_of[after])
                following.append(after)
            for target in following:
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        result = self._slots_ahead[node] = frozenset(slots)
        return result

    @cached_property
    def ranks(self) -> list[int]:
        """For each sub-network a number above those of all it calls."""
        ranks: dict[int, int] = {}

        def rank(sub: int) -> int:
            if sub not in ranks:
                called = self._called_from(self.subs[sub].start)
                ranks[sub] = 1 + max(map(rank, called), default=0)
            return ranks[sub]

        return [rank(sub) for sub in range(len(self.subs))]

    def _called_from(self, start: int) -> set[int]:
        called: set[int] = set()
        seen, todo = {start}, [start]
        while todo:
            at = todo.pop()
            following = [*self._free[at], *(target for _, target in self._edges[at])]
            for sub, after in self._calls[at]:
                called.add(sub)
                following.append(after)
            for target in following:
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return called

    def _is_nullable(self, sub: int, after_space: bool) -> bool:
        key = (sub, after_space)
        if key not in self._nullable:
            self._nullable[key] = self.reach(self.subs[sub].start, after_space).exits
        return self._nullable[key]

    def _explore(self, node: int, after_space: bool) -> Reach:
        edges: list[tuple[str, int]] = []
        calls: list[tuple[int, int]] = []
        exits = False
        seen, todo = {node}, [node]
        while todo:
            at = todo.pop()
            exits = exits or at in self.exit_nodes
            following: Iterable[int] = list(self._free[at])
            for char, target in self._edges[at]:
                if char == " " and after_space:
                    following = [*following, target]
                else:
                    edges.append((char, target))
            for sub, after in self._calls[at]:
                calls.append((sub, after))
                if self._is_nullable(sub, after_space):
                    following = [*following, after]
            for target in following:
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return Reach(tuple(edges), tuple(calls), exits)
