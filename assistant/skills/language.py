"""One language of a box: the sentences it understands and the replies it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from assistant.skills.cldr import cldr
from assistant.skills.discovery import declarations, sentence_folders
from assistant.skills.replies import Replies
from assistant.skills.reply_reader import read_replies
from assistant.understanding.sentence_file import SentenceFile, read_sentence_file
from assistant.understanding.sentences import sentence_paths
from common.errors import InvalidInput


@dataclass(frozen=True)
class Language:
    """What the skills understand and say in one language.

    Attributes:
        files: their sentence files.
        replies: what they say.
    """

    files: tuple[SentenceFile, ...]
    replies: Replies


def load_language(
    code: str, modules: Sequence[ModuleType], folders: Sequence[Path] | None = None
) -> Language:
    """Read a language from the folders beside the skills.

    Args:
        code: such as "en" or "pt-BR".
        modules: the skills, from `skill_modules`.
        folders: that hold the files of the language; those beside the skills by default.

    Raises:
        InvalidInput: the skills do not speak the language.
        GrammarError: a fault in a file; names file and line.
        NotFound, TooLarge: as `sentence_paths` and `read_sentence_file`.
    """
    folders = sentence_folders(modules, code) if folders is None else folders
    if not folders:
        spoken = sorted({path.name for module in modules for path in _languages(module)})
        raise InvalidInput(
            f"the skills have no sentences and replies in the language {code!r}",
            hint=f"they speak: {', '.join(spoken)}",
            code="language.unknown",
        )
    read = (read_sentence_file(path, code) for path in sentence_paths(folders))
    files = tuple(file for file in read if file is not None)
    return Language(files, read_replies(cldr(code), files, declarations(modules)))


def _languages(module: ModuleType) -> list[Path]:
    folder = Path(str(module.__file__)).parent / "sentences"
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
