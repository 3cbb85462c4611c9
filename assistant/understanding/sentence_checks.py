"""Faults that show only when the sentences of all files are together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from hassil.expression import Expression, ListReference, RuleReference, Sentence

from assistant.understanding.builtin import HOME_LISTS
from assistant.understanding.expressions import fewest_words, list_references, references
from assistant.understanding.sentence_data import SentenceData
from assistant.understanding.sentence_file import SentenceFile, parse_template, place
from common.errors import GrammarError

#: Parts of a rule with all rules in it written out; real ones have a hundred.
MAX_RULE_PARTS = 10_000


def check_rules(data: SentenceData) -> None:
    """No rule may lead back to itself or grow without measure; hassil would follow it for ever.

    Raises:
        GrammarError: one does; names where it is defined.
    """
    parts: dict[str, int] = {}

    def fail(name: str, message: str, code: str) -> NoReturn:
        raise GrammarError(f"{data.places['rule', name]}: {message}", code=code)

    def count(name: str, path: tuple[str, ...]) -> int:
        if name in path:
            loop = " -> ".join([*path[path.index(name) :], name])
            fail(name, f"the rules lead in a circle: {loop}", "grammar.recursive")
        if name not in parts and name in data.rules:
            expression = parse_template(data.rules[name])
            used = [part.rule_name for part in references(expression) if isinstance(part, RuleReference)]
            parts[name] = 1 + len(data.rules[name]) // 4
            parts[name] += sum(count(inner, (*path, name)) for inner in used)
            if parts[name] > MAX_RULE_PARTS:
                fail(name, f"the rule {name} is too large with all its rules", "grammar.large-rule")
        return parts.get(name, 0)

    for name in data.rules:
        count(name, ())


def check_file(data: SentenceData, file: SentenceFile) -> int:
    """Everything that a file refers to must be defined.

    Returns:
        The number of templates in the file.

    Raises:
        GrammarError: something is not defined, or a sentence would match anything.
    """
    for name, rule in file.rules.items():
        _check_references(parse_template(rule), data, {}, {}, place(file, name))
    for name, content in file.lists.items():
        for value in content.get("values", ()):
            _check_references(parse_template(value["in"]), data, {}, {}, place(file, name))
    rules = {name: Sentence(parse_template(body)) for name, body in data.rules.items()}
    count = 0
    for intent in file.intents.values():
        for block in intent["data"]:
            own = {name: Sentence(parse_template(body)) for name, body in block["expansion_rules"].items()}
            lists = {**data.lists, **block["lists"]}
            free = {name for name, content in lists.items() if content.get("wildcard")}
            for text in block["sentences"]:
                expression, where = parse_template(text), place(file, text)
                _check_references(expression, data, block["lists"], own, where)
                _check_anchored(expression, {**rules, **own}, free, where)
                count += 1
    return count


def _check_anchored(
    expression: Expression, rules: Mapping[str, Sentence], free: set[str], where: str
) -> None:
    used = {ref.list_name for ref in list_references(expression, rules)}
    if used & free and not fewest_words(expression, rules, free):
        raise GrammarError(
            f"{where}: a sentence of nothing but a wildcard would match anything",
            hint="give it at least one word of its own",
            code="grammar.only-wildcard",
        )


def _check_references(
    expression: Expression,
    data: SentenceData,
    lists: Mapping[str, Any],
    rules: Mapping[str, Any],
    where: str,
) -> None:
    for part in references(expression):
        if isinstance(part, ListReference):
            name, kind = part.list_name, "list"
            known = name in data.lists or name in lists or name in HOME_LISTS
            known = known or part.is_inline_range
        else:
            name, kind = part.rule_name, "rule"
            known = name in data.rules or name in rules
        if not known:
            raise GrammarError(
                f"{where}: there is no {kind} {name}",
                hint=f"define it, or correct the name of the {kind}",
                code="grammar.missing",
            )
