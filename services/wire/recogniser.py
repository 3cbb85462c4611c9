"""Between recognition for other boxes and the messages of the wire contract.

Each side takes what the other one sends for what may be hostile.
"""

from __future__ import annotations

import math
import re
from typing import cast, get_args

import numpy as np

from assistant.audio.format import SAMPLE_RATE
from assistant.remote.identity import RecogniserIdentity
from assistant.remote.messages import (
    Answer,
    GiveUp,
    GrammarKnown,
    Order,
    Recognise,
    Refused,
    Result,
    Welcome,
)
from assistant.remote.port import GrammarName, RemoteBusy, Utterance
from assistant.speech.transcript import Method, Transcript
from assistant.understanding.recipe import GrammarRecipe
from common.errors import InvalidInput, SottoError, TooLarge, Unavailable
from services.proto.sotto.v1 import recogniser_pb2 as pb
from services.wire.recipe import names_from_wire, names_to_wire, recipe_from_wire, recipe_to_wire

_CONTRACT = "see the wire contract"
_MAX_KEY, _MAX_KINDS = 100, 20
_MAX_SCORES, _MAX_TEXT, _MAX_REASON = 20, 2000, 500
_MAX_SAMPLES = 600 * SAMPLE_RATE
_WAKE_WORD = re.compile(r"[a-z0-9' ]{0,60}")
#: Longest time in s after which a busy machine can want to be asked again.
_MAX_RETRY_S = 3600.0


def order_to_wire(order: Order) -> pb.RecogniseRequest:
    """An order of a box as a message."""
    match order:
        case RecogniserIdentity():
            return pb.RecogniseRequest(hello=pb.RecogniserIdentity(**vars(order)))
        case GrammarRecipe():
            return pb.RecogniseRequest(grammar=recipe_to_wire(order))
        case GiveUp():
            return pb.RecogniseRequest(give_up=order.id)
        case Recognise(utterance=utterance):
            return pb.RecogniseRequest(
                utterance=pb.Utterance(
                    id=order.id,
                    keep=order.keep,
                    audio=utterance.audio.astype("<i2").tobytes(),
                    grammar=utterance.grammar.key,
                    wake_word=utterance.grammar.wake_word,
                    answers=utterance.grammar.answers,
                    choices=names_to_wire(utterance.grammar.choices) if utterance.grammar.answers else None,
                    stop=utterance.grammar.stop,
                    speech_s=utterance.speech_s,
                    search=utterance.search,
                )
            )


def order_from_wire(message: pb.RecogniseRequest) -> Order:
    """A message as an order of a box.

    Raises:
        InvalidInput, TooLarge: it cannot be used.
    """
    match message.WhichOneof("payload"):
        case "hello":
            hello = message.hello
            parts = (hello.language, hello.code, hello.model, hello.settings)
            return RecogniserIdentity(*(part[:_MAX_KEY] for part in parts))
        case "grammar":
            return recipe_from_wire(message.grammar)
        case "utterance":
            return _recognise_from_wire(message.utterance)
        case "give_up":
            return GiveUp(message.give_up)
    raise InvalidInput("a message that says nothing", hint=_CONTRACT, code="recognise.message")


def answer_to_wire(answer: Answer) -> pb.RecogniseResponse:
    """An answer to a box as a message."""
    match answer:
        case Welcome():
            return pb.RecogniseResponse(welcome=pb.RecogniseWelcome())
        case GrammarKnown(error=error):
            known = pb.GrammarKnown(key=answer.key, made=answer.made)
            if error is not None:
                known.code, known.message, known.hint = _told(error)
            return pb.RecogniseResponse(grammar=known)
        case Refused(error=error):
            code, text, hint = _told(error)
            retry_s = error.retry_s if isinstance(error, RemoteBusy) else 0.0
            refused = pb.RecogniseRefused(id=answer.id, code=code, message=text, hint=hint, retry_s=retry_s)
            return pb.RecogniseResponse(refused=refused)
        case Result(transcript=found):
            return pb.RecogniseResponse(
                result=pb.Recognised(
                    id=answer.id,
                    text=found.text,
                    free_score=found.free_score,
                    method=found.method,
                    audio_s=found.audio_s,
                    encode_ms=found.encode_ms,
                    decode_ms=found.decode_ms,
                    scores=found.scores,
                    searched=answer.searched,
                    last=answer.last,
                )
            )


def answer_from_wire(message: pb.RecogniseResponse) -> Answer:
    """A message as an answer to a box.

    Raises:
        InvalidInput: it cannot be used.
    """
    match message.WhichOneof("payload"):
        case "welcome":
            return Welcome()
        case "grammar":
            known = message.grammar
            error = _error(known.code, known.message, known.hint) if known.code else None
            return GrammarKnown(known.key, known.made, error)
        case "refused":
            refused = message.refused
            if refused.retry_s > 0:
                return Refused(refused.id, RemoteBusy(min(refused.retry_s, _MAX_RETRY_S)))
            return Refused(refused.id, _error(refused.code, refused.message, refused.hint))
        case "result":
            return _result(message.result)
    raise InvalidInput("an answer that says nothing", hint=_CONTRACT, code="recognise.message")


def _result(found: pb.Recognised) -> Result:
    numbers = (found.free_score, found.audio_s, found.encode_ms, found.decode_ms, *found.scores.values())
    if (
        found.method not in get_args(Method)
        or len(found.text) > _MAX_TEXT
        or len(found.scores) > _MAX_SCORES
        or not all(map(math.isfinite, numbers))
    ):
        raise InvalidInput("a result that cannot be used", hint=_CONTRACT, code="recognise.result")
    transcript = Transcript(
        _plain(found.text),
        found.free_score,
        cast(Method, found.method),
        found.audio_s,
        max(0.0, found.encode_ms),
        max(0.0, found.decode_ms),
        dict(found.scores),
    )
    return Result(found.id, transcript, found.searched, found.last)


def _told(error: SottoError) -> tuple[str, str, str]:
    return error.code[:_MAX_KEY], error.message[:_MAX_REASON], error.hint[:_MAX_REASON]


def _error(code: str, message: str, hint: str) -> Unavailable:
    return Unavailable(
        _plain(message[:_MAX_REASON]),
        hint=_plain(hint[:_MAX_REASON]),
        code=_plain(code[:_MAX_KEY]) or "recognise.failed",
    )


def _plain(text: str) -> str:
    """Words of another machine, which may go to a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _recognise_from_wire(message: pb.Utterance) -> Recognise:
    if not _WAKE_WORD.fullmatch(message.wake_word) or len(message.grammar) > _MAX_KEY:
        raise InvalidInput("a grammar without a name", hint=_CONTRACT, code="recognise.grammar")
    if message.keep + len(message.audio) // 2 > _MAX_SAMPLES:
        raise TooLarge(
            f"a recording of {message.keep + len(message.audio) // 2} samples",
            hint="send at most 30 s",
            code="speech.too-long",
        )
    audio = np.frombuffer(message.audio[: len(message.audio) // 2 * 2], "<i2").astype(np.int16)
    speech_s = message.speech_s if message.HasField("speech_s") else None
    if speech_s is not None and not 0.0 <= speech_s < 1e6:
        raise InvalidInput("a length of speech that is none", hint="give seconds", code="recognise.length")
    if len(message.answers) > _MAX_KINDS:
        raise TooLarge(f"answers of {len(message.answers)} kinds", hint=_CONTRACT, code="recognise.answers")
    answers = tuple(kind[:_MAX_KEY] for kind in message.answers)
    choices = names_from_wire(message.choices)
    name = GrammarName(message.grammar, message.wake_word, answers, choices, message.stop)
    return Recognise(message.id, message.keep, Utterance(audio, name, speech_s, message.search))
