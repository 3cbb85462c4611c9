"""Which of the built-in sentences a home takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hassil.expression import Sentence

from assistant.understanding.expressions import fewest_words
from assistant.understanding.intent_domains import INTENT_DOMAINS
from assistant.understanding.template_text import parse_template

#: Free text where the home's own words are meant: "who is {zone}" would take any question that begins so.
_TOO_FREE = frozenset({"zone"})
#: Lists that hold the names of the home.
HOME_LISTS = frozenset({"name", "area", "floor"})

_GROUP = re.compile(r"\[[^\[\]()]*\]|\([^\[\]()]*\)")
_LIST = re.compile(r"\{([^}]*)\}")
_REFERENCE = re.compile(r"\{[^}]*\}|<[^>]*>")


class BuiltinBlocks:
    """Chooses blocks and sentences of home-assistant-intents.

    Args:
        domains: the kinds of device that the home has.
        rules: the built-in expansion rules, as text.
    """

    def __init__(self, domains: set[str], rules: Mapping[str, str]) -> None:
        self._domains = domains
        self._rules = {name: Sentence(parse_template(text)) for name, text in rules.items()}

    def choose(self, intent: str, blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The blocks of an intent about kinds of device that the home has, without sentences of only a name.

        Home Assistant's "[the] {name}" turns a device on, for people who type. By voice a name alone is
        mostly the rest of a sentence whose beginning was not heard, or talk about the thing. So every
        sentence is left out that needs no word besides names of the home.
        """
        chosen = []
        for block in blocks:
            if not self._is_of_home(intent, block):
                continue
            sentences = [
                text
                for text in block["sentences"]
                if _TOO_FREE.isdisjoint(_lists(text)) and not self._is_bare(text, block)
            ]
            if sentences:
                # Required keywords only save hassil time, and are not folded as all other text is.
                kept = {key: value for key, value in block.items() if key != "required_keywords"}
                chosen.append({**kept, "sentences": sentences})
        return chosen

    def _is_of_home(self, intent: str, block: Mapping[str, Any]) -> bool:
        wanted = block.get("slots", {}).get("domain") or INTENT_DOMAINS.get(intent)
        if wanted is None:
            return True
        return not self._domains.isdisjoint([wanted] if isinstance(wanted, str) else wanted)

    def _is_bare(self, text: str, block: Mapping[str, Any]) -> bool:
        if _has_own_word(text):
            return False
        local = {
            name: Sentence(parse_template(body)) for name, body in block.get("expansion_rules", {}).items()
        }
        return fewest_words(parse_template(text), {**self._rules, **local}, HOME_LISTS) == 0


def _lists(template: str) -> set[str]:
    return {name.partition(":")[0] for name in _LIST.findall(template)}


def _has_own_word(template: str) -> bool:
    """Whether something must be said besides names; a quick look that saves parsing most templates.

    What stands in options and groups is left out of account.
    """
    before = ""
    while before != template:
        before, template = template, _GROUP.sub("", template)
    return bool(_lists(template) - HOME_LISTS) or any(char.isalnum() for char in _REFERENCE.sub("", template))
