"""The tiny grammar that is listened for while the box itself is talking."""

from __future__ import annotations

import re

_STOP_PHRASES = frozenset(
    {
        "stop",
        "stop it",
        "stop talking",
        "quiet",
        "be quiet",
        "cancel",
        "never mind",
        "enough",
        "that's enough",
        "shut up",
        "okay stop",
        "please stop",
    }
)


class StopWords:
    """A recognition grammar of a few phrases; favours their words and knows nothing else."""

    key = "stop-words"
    said = ()
    words = frozenset(word for phrase in _STOP_PHRASES for word in phrase.split())
    automaton = None

    def parses(self, text: str) -> bool:
        """Whether `text` is one of the phrases, said once or repeated ("stop, stop")."""
        words = re.sub(r"[^a-z' ]", " ", text.lower()).split()
        phrase = " ".join(words)
        return phrase in _STOP_PHRASES or (bool(words) and set(words) == {"stop"})
