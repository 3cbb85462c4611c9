"""The vocabulary as a trie of lower-cased characters, packed into arrays.

Its 42 000 nodes would take 10 MB as Python objects; packed they take 1 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Set

from assistant.speech.tokens import SPACE, Vocabulary, is_control

#: Signs that a sentence of a grammar, or the punctuation between its words, may contain.
_SIGNS = frozenset("'$%°,;!?.:")
_NONE = 0


class VocabularyTrie:
    """Tokens by their spelling; shared by all grammars.

    The spelling of a token is its text in lower case, with spaces for hyphens. Tokens that no sentence can
    contain are left out.
    """

    root = 0

    def __init__(self, vocabulary: Vocabulary) -> None:
        spelled = sorted(
            (spelling, token)
            for token, piece in enumerate(vocabulary.pieces)
            if not is_control(piece) and (spelling := _spelling(piece))
        )
        self._tokens = array("i", (token for _, token in spelled))
        # For each node: its first child, its next sibling (0 for none, because the root is neither), and the
        # range in `_tokens` of the tokens that the path to it spells.
        self._child = array("i", [_NONE])
        self._sibling = array("i", [_NONE])
        self._begin = array("i", [0])
        self._end = array("i", [0])
        chars = [""]
        way = [self.root]
        last = ""
        for place, (spelling, _) in enumerate(spelled):
            common = _common(last, spelling)
            # The node where the spellings differ becomes the previous sibling of the next new one.
            elder = way[common + 1] if common + 1 < len(way) else _NONE
            del way[common + 1 :]
            for char in spelling[common:]:
                node = len(chars)
                chars.append(char)
                self._child.append(_NONE)
                self._sibling.append(_NONE)
                self._begin.append(place)
                self._end.append(place)
                if elder:
                    self._sibling[elder] = node
                    elder = _NONE
                else:
                    self._child[way[-1]] = node
                way.append(node)
            self._end[way[-1]] = place + 1
            last = spelling
        self._chars = "".join(chars[1:])
        self._pieces = vocabulary.pieces

    def __len__(self) -> int:
        return len(self._child)

    def children(self, node: int, among: Set[str] | None = None) -> Iterator[int]:
        """The children of a node; with `among`, only those whose character is one of these."""
        child, sibling, chars = self._child[node], self._sibling, self._chars
        while child:
            if among is None or chars[child - 1] in among:
                yield child
            child = sibling[child]

    def char(self, node: int) -> str:
        """The last character of the path to a node other than the root."""
        return self._chars[node - 1]

    def tokens(self, node: int) -> list[int]:
        """The tokens that the path to a node spells: one for each way to write capitals and hyphens."""
        return self._tokens[self._begin[node] : self._end[node]].tolist()

    def spelling(self, token: int) -> str:
        """The spelling of a token; "" if no sentence can contain it."""
        piece = self._pieces[token]
        return "" if is_control(piece) else _spelling(piece)


def _common(one: str, other: str) -> int:
    """Length of the common beginning."""
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


def _spelling(piece: str) -> str:
    """A piece of the vocabulary as sentences of a grammar are written; "" if none can contain it."""
    chars = []
    for char in piece:
        lower = char.lower()
        if char in (SPACE, "-"):
            chars.append(" ")
        elif len(lower) == 1 and (lower.isalnum() or lower in _SIGNS):
            chars.append(lower)
        else:
            return ""
    return "".join(chars)
