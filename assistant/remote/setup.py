"""Makes the parts of an assistant that have to do with the recognisers of other machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from assistant.audio.format import Samples
from assistant.remote.ears import RemoteEars
from assistant.remote.identity import RecogniserIdentity, recogniser_identity
from assistant.remote.lender import Lender
from assistant.serving.serving import Serving
from assistant.settings import Settings
from assistant.skills.common_lines import STOP
from assistant.skills.language import Language
from assistant.speech.recogniser import Recogniser
from assistant.speech.stop_words import StopWords
from assistant.understanding.recipe import recipe_of
from assistant.understanding.reload import GrammarKeeper
from assistant.understanding.sentences import SentenceSource
from common.faults import Faults

_MOST_GRAMMARS = 1000


def make_recogniser(serving: Serving, settings: Settings) -> Recogniser:
    """This machine's recogniser; for each box it remembers two grammars: with the wake word and without."""
    own = settings.recogniser
    most = min(_MOST_GRAMMARS, own.max_grammars + 2 * settings.lend.boxes)
    return Recogniser(serving, dataclasses.replace(own, max_grammars=most), settings.language)


def make_ears(
    settings: Settings,
    local: Recogniser,
    keeper: GrammarKeeper,
    source: SentenceSource,
    speech: Callable[[], Samples],
    faults: Faults,
) -> RemoteEars | None:
    """The recogniser with the remote one behind it; None if no other machine is set.

    Args:
        settings: of the assistant.
        local: this machine's recogniser.
        keeper: of the grammar in use.
        source: of its sentences.
        speech: see `RemoteTrial`.
        faults: of the assistant.
    """
    if not settings.remote.on:
        return None
    return RemoteEars(
        settings.remote,
        local,
        _identity(settings),
        lambda: keeper.newest,
        lambda build: recipe_of(source, build.files, build.names, build.grammar.key),
        speech,
        lambda found: faults.report("remote", found),
    )


def make_lender(settings: Settings, local: Recogniser, language: Language) -> Lender | None:
    """What recognises for other boxes; None if they are none.

    Args:
        settings: of the assistant.
        local: this machine's recogniser.
        language: of the assistant.
    """
    if not settings.lend.boxes:
        return None
    stop_words = StopWords(language.replies.words(STOP))
    return Lender(settings.lend, _identity(settings), local, language.files, stop_words)


def _identity(settings: Settings) -> RecogniserIdentity:
    return recogniser_identity(settings.language, settings.recogniser)
