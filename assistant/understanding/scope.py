"""What one sentence template may refer to, and the context in which it holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from hassil.expression import Sentence
from hassil.intents import SlotList
from hassil.util import check_excluded_context, check_required_context


@dataclass
class Scope:
    """What a template may refer to, and which values of its lists suit it.

    Attributes:
        lists, rules: by name.
        required, excluded: the context that its match must have, or must not have.
        given: keys of the context that is known without a word being said.
        local: a number that is different for each set of local lists and rules, 0 without them.
        has_free_text: whether a wildcard is in it.
        is_searched: whether the recogniser searches it although a wildcard is in it.
    """

    lists: Mapping[str, SlotList]
    rules: Mapping[str, Sentence]
    required: Mapping[str, Any] = field(default_factory=dict)
    excluded: Mapping[str, Any] = field(default_factory=dict)
    given: Collection[str] = ()
    local: int = 0
    has_free_text: bool = False
    is_searched: bool = False

    def allows(self, context: Mapping[str, Any] | None) -> bool:
        """Whether a list value of this context can be part of a match of the template."""
        if not context:
            return True
        if any(key not in context and key not in self.given for key in self.required):
            return False
        required, excluded, known = dict(self.required), dict(self.excluded), dict(context)
        return bool(
            check_required_context(required, known, allow_missing_keys=True)
            and check_excluded_context(excluded, known)
        )
