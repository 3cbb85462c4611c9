"""What a grammar is made of, in a form that another machine can make the same grammar from.

The sentences of the box itself are not in it: the other machine has them too. If they are others there, the
key of its grammar is another one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant.understanding.grammar import Grammar
from assistant.understanding.limits import MAX_ALL_NODES, MAX_FILES, MAX_NODES
from assistant.understanding.names import HomeNames
from assistant.understanding.sentence_file import SentenceFile, read_sentence_file
from assistant.understanding.sentences import SentenceSource, make_grammar
from common.errors import GrammarError, SottoError, TooLarge


@dataclass(frozen=True)
class GrammarRecipe:
    """What makes one grammar.

    Attributes:
        key: of the grammar.
        language: of its sentences.
        builtin: whether the sentences that come with Sotto are in it.
        supported: the intents that something answers, sorted.
        names: of the home.
        files: the owner's sentence files, each as JSON, in the order in which they are joined.
        plugins: those of plugins, likewise.
    """

    key: str
    language: str
    builtin: bool
    supported: tuple[str, ...]
    names: HomeNames
    files: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Characters of its names and files."""
        return len(self.names.as_text()) + sum(map(len, (*self.files, *self.plugins)))


def recipe_of(
    source: SentenceSource, files: Iterable[SentenceFile], names: HomeNames, key: str
) -> GrammarRecipe:
    """The recipe of a grammar that is in use.

    Args:
        source: of its sentences.
        files: the owner's files in it.
        names: of the home that it was made for.
        key: of the grammar.
    """
    return GrammarRecipe(
        key,
        source.language,
        source.builtin,
        tuple(sorted(source.supported or ())),
        names,
        tuple(_as_json(file) for file in files),
        tuple(_as_json(file) for file in source.plugins),
    )


def follow(recipe: GrammarRecipe, own: tuple[SentenceFile, ...]) -> Grammar:
    """The grammar of a recipe from another machine (0.3 to 0.6 s for a home).

    Its sentences are checked as those of an owner's files are.

    Args:
        recipe: from there.
        own: the sentence files of the box itself, of that language.

    Raises:
        InvalidInput, NotFound, TooLarge, GrammarError: as `SentenceSource.load`; the files of the recipe are
            named by their place in it.
        GrammarError: `grammar.other`: with the sentences of this machine it is another grammar.
    """
    if len(recipe.files) + len(recipe.plugins) > MAX_FILES:
        raise TooLarge(
            f"{len(recipe.files) + len(recipe.plugins)} sentence files are above the limit of {MAX_FILES}",
            hint="put several together",
            code="grammar.too-many-files",
        )
    with TemporaryDirectory(prefix="sotto-grammar-") as name:
        folder = Path(name)
        source = SentenceSource(
            recipe.language,
            recipe.builtin,
            (),
            frozenset(recipe.supported),
            files=own if recipe.builtin else (),
            # Both kinds are checked and bounded alike, and this is the order in which they are joined.
            plugins=tuple(_read(recipe, folder)),
        )
        grammar = make_grammar(source.load(recipe.names), recipe.names)
    if grammar.key != recipe.key:
        raise GrammarError(
            "with the sentences of this machine it is another grammar",
            hint="bring both machines to the same version of Sotto",
            code="grammar.other",
        )
    return grammar


def _read(recipe: GrammarRecipe, folder: Path) -> Iterable[SentenceFile]:
    nodes = 0
    for number, text in enumerate((*recipe.plugins, *recipe.files)):
        path = folder / f"{number}.yaml"
        # JSON is YAML: the reader of an owner's files checks it.
        path.write_bytes(text.encode("utf-8", "replace"))
        try:
            file = read_sentence_file(path, recipe.language, min(MAX_NODES, MAX_ALL_NODES - nodes))
        except SottoError as error:
            # The folder says nothing to the owner of the files.
            error.message = error.message.replace(f"{folder}/", "")
            raise
        if file is not None:
            nodes += file.nodes
            yield replace(file, path=Path(path.name))


def _as_json(file: SentenceFile) -> str:
    content = {
        "intents": file.intents,
        "answers": file.answers,
        "abbreviations": file.abbreviations,
        "lists": file.lists,
        "expansion_rules": file.rules,
        "skip_words": file.skip_words,
    }
    return json.dumps({key: value for key, value in content.items() if value}, ensure_ascii=False)
