"""One language of a box: the sentences it understands and the replies it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from assistant.skills.cldr import cldr
from assistant.skills.discovery import by_plugin, declarations, sentence_folders
from assistant.skills.replies import Replies
from assistant.skills.reply_reader import read_replies
from assistant.understanding.sentence_file import SentenceFile, read_sentence_file
from assistant.understanding.sentences import sentence_paths
from common.errors import InvalidInput, SottoError
from common.faults import Fault


@dataclass(frozen=True)
class Language:
    """What the skills understand and say in one language.

    Attributes:
        files: the sentence files of our own skills.
        plugins: those of plugins.
        replies: what all of them say.
        modules: the modules of those skills; a plugin with a fault in its files is left out.
        faults: what is wrong with the files of plugins.
    """

    files: tuple[SentenceFile, ...]
    plugins: tuple[SentenceFile, ...]
    replies: Replies
    modules: tuple[ModuleType, ...]
    faults: tuple[Fault, ...] = ()


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
        GrammarError: a fault in a file that is no plugin's; names file and line.
        NotFound, TooLarge: as `sentence_paths` and `read_sentence_file`.
    """
    own, plugins = (list(modules), {}) if folders is not None else by_plugin(modules)
    folders = sentence_folders(own, code) if folders is None else folders
    if not folders:
        spoken = sorted({path.name for module in modules for path in _languages(module)})
        raise InvalidInput(
            f"the skills have no sentences and replies in the language {code!r}",
            hint=f"they speak: {', '.join(spoken)}",
            code="language.unknown",
        )
    rules = cldr(code)
    files = _read(folders, code)
    replies = read_replies(rules, files, declarations(own))
    added: tuple[SentenceFile, ...] = ()
    faults = []
    for name, its_modules in plugins.items():
        effect = f"The box works without the skills of {name}."
        try:
            its_files = _read(sentence_folders(its_modules, code), code)
            replies = read_replies(rules, (*files, *added, *its_files), declarations([*own, *its_modules]))
        except SottoError as error:
            faults.append(Fault.of(error, effect))
        except ValueError as error:
            faults.append(Fault("skill.lines", f"the plugin {name}: {error}", effect=effect))
        else:
            added += its_files
            own += its_modules
    return Language(files, added, replies, tuple(own), tuple(faults))


def _read(folders: Sequence[Path], code: str) -> tuple[SentenceFile, ...]:
    read = (read_sentence_file(path, code) for path in sentence_paths(folders))
    return tuple(file for file in read if file is not None)


def _languages(module: ModuleType) -> list[Path]:
    folder = Path(str(module.__file__)).parent / "sentences"
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
