"""The whole assistant, put together: what the daemon serves and the command line uses in-process."""

from __future__ import annotations

import dataclasses
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant.audio.convert import resample
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.audio.sink import AudioSink
from assistant.clock import BoxClock
from assistant.events import Event, EventBus, EventKind
from assistant.hearing.ears import Ears
from assistant.hearing.hearing import Hearing
from assistant.home.code_guard import GuardedHome
from assistant.home.config import SAMPLE_HOME, load_usable_home
from assistant.home.executor import HomeExecutor
from assistant.home.hub import HubHome
from assistant.home.model import Home
from assistant.home.names import home_names
from assistant.home.state import LocalHome
from assistant.models.catalogue import CATALOGUE, ModelEntry
from assistant.models.store import ModelStore
from assistant.remote.setup import make_ears, make_lender, make_recogniser
from assistant.serving.choices import Choices
from assistant.serving.serving import Serving
from assistant.serving.upkeep import Upkeep
from assistant.settings import Settings
from assistant.skills.common_lines import FAILED, NOT_UNDERSTOOD
from assistant.skills.context import SkillContext
from assistant.skills.contract import Skill
from assistant.skills.discovery import build_skills, skill_modules
from assistant.skills.fault_lines import fault_text
from assistant.skills.hub_timers import HubTimers
from assistant.skills.language import load_language
from assistant.skills.rings import Rings
from assistant.skills.timekeeping import TimerBook
from assistant.skills.volume_control import VolumeControl
from assistant.speech.box_voice import BoxVoice
from assistant.speech.recognising import SpeechRecogniser
from assistant.speech.synthesiser import Synthesiser
from assistant.speech.transcript import Transcript
from assistant.transcription import RecordingRecogniser
from assistant.turn.context import StreamContext
from assistant.turn.conversation import Conversation
from assistant.turn.dialogue import Dialogue
from assistant.turn.secret import open_slots, open_text
from assistant.turn.settings import ConversationSettings
from assistant.turn.store import Turn, TurnStore
from assistant.turn.understood import Understood, understood
from assistant.turn.utterance import Voice
from assistant.understanding.builder import Build, GrammarBuilder
from assistant.understanding.grammar import Grammar
from assistant.understanding.reload import GrammarKeeper
from assistant.understanding.sentences import SentenceSource
from common.errors import InvalidInput, StorageError, TooLarge, Unavailable
from common.faults import Fault, Faults

log = logging.getLogger(__name__)

#: Longest typed sentence, characters; a spoken minute is about 1000.
MAX_QUERY = 1000
MAX_CONTEXT = 50
#: Seconds that a program's question waits for the grammar of a changed home; a build takes about one, on a
#: machine that is busy many more.
NEW_GRAMMAR_S = 30.0
#: Who speaks what is only looked at: nobody that was asked anything.
_NOBODY = "understand"


class Assistant:
    """Models, home, skills and grammar; makes conversations and answers typed questions.

    More than twelve attributes: here everything is put together, and daemons and commands use the parts.

    Args:
        settings: what the owner wants.
        models_root: the model store.
        state: folder of everything that survives a restart.
        volume: the loudspeaker's volume, changed by voice.
        say_pairing_code: begins to say it in the room; None where nothing can be paired.
        more_skills: skills of the caller, besides those that are found.

    Raises:
        ModelError: a model is missing or damaged.
        GrammarError: a sentence file of the box is wrong.

    Attributes:
        faults: what is wrong with the files of the owner and of plugins, and with the state; the box goes on
            without it.
    """

    def __init__(
        self,
        settings: Settings,
        models_root: Path,
        state: Path,
        volume: VolumeControl,
        say_pairing_code: Callable[[], None] | None = None,
        more_skills: Sequence[Skill] = (),
    ) -> None:
        self.settings = settings
        self.state = state
        self.bus = EventBus()
        self.faults = Faults()
        self._store = ModelStore(models_root)
        choices = Choices(settings.engine, settings.engines.of, state)
        self.serving = Serving(self._store, choices)
        self._upkeep = Upkeep(self.serving, self.faults)
        self.hub = HubHome(state / "hub-home.json") if settings.hub else None
        self.executor: HomeExecutor = GuardedHome(
            self.hub or self._home_of_file(settings.home), state / "alarm-codes.json"
        )
        self._language = load_language(settings.language, skill_modules())
        replies = self._language.replies
        self.timers = TimerBook(state / "timers.json", replies, self.faults)
        self.hub_timers = HubTimers(replies)
        box = SkillContext(
            replies,
            self.executor,
            state,
            volume,
            self.timers,
            self.hub_timers,
            Rings((self.timers, self.hub_timers)),
            understands=lambda text: self.grammar.parses(text),
            faults=self.faults,
            say_pairing_code=say_pairing_code,
        )
        self.skills = build_skills(box, self._language.modules, more_skills)
        self.clock = BoxClock(self.skills.rings.clock_stepped)
        self._sources = self._sentences()
        self._builder = GrammarBuilder(self._sources)
        self._keeper = GrammarKeeper(self._build_grammar, settings.sentences, on_change=self._grammar_changed)
        self._report(self._keeper.faults)
        if self.hub is not None:
            self.hub.listen(self._keeper.refresh)
        local = make_recogniser(self.serving, settings)
        self.remote = make_ears(settings, local, self._keeper, self._sources, self._trial_speech, self.faults)
        self.recogniser: SpeechRecogniser = self.remote.recogniser if self.remote else local
        self.lender = make_lender(settings, local, self._language)
        self._hearing = Hearing(
            self.serving, settings.activity, settings.wake.thresholds(), settings.recogniser.max_audio_s + 5
        )
        self._recordings = RecordingRecogniser(self._hearing, self.recogniser)
        self._voice = BoxVoice(
            Synthesiser(self.serving, settings.voice, settings.language),
            settings.speech_cache,
            state / "replies.json",
            (replies.text(NOT_UNDERSTOOD), replies.text(FAILED)),
        )
        self.bus.listen(self._voice.follow)
        self.dialogue = Dialogue(lambda: self._keeper.current, self.skills, self.clock)
        self.turns = TurnStore(state, settings.store.turns, settings.store.keep_audio, self.faults)

    def _trial_speech(self) -> Samples:
        """A sentence of the box itself, int16 (n,), 16 kHz, with which a remote recogniser is tried."""
        text = self._language.replies.text(NOT_UNDERSTOOD)
        return resample(np.concatenate(list(self.synthesise(text))), self.voice.sample_rate, SAMPLE_RATE)

    def _home_of_file(self, file: Path | None) -> LocalHome:
        home, faults = load_usable_home(file or SAMPLE_HOME)
        self.faults.report("home", faults)
        return LocalHome(home, self.state / "home-state.json", self.faults)

    @property
    def home(self) -> Home:
        """Areas and devices as they are now."""
        return self.executor.home

    @property
    def voice(self) -> Voice:
        """What the box speaks with."""
        return self._voice.cached

    @property
    def grammar(self) -> Grammar:
        """The grammar in force."""
        return self._keeper.current

    def _sentences(self) -> SentenceSource:
        settings, language = self.settings, self._language
        return SentenceSource(
            settings.language,
            settings.builtin_sentences,
            settings.sentences,
            self.skills.intents,
            files=language.files if settings.builtin_sentences else (),
            plugins=language.plugins if settings.builtin_sentences else (),
        )

    def _build_grammar(self) -> Build:
        return self._builder.build(home_names(self.home))

    def _report(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            log.warning("%s %s", fault.message, fault.effect)
        self.faults.report("sentences", (*self._language.faults, *faults))

    def _grammar_changed(self, faults: tuple[Fault, ...]) -> None:
        self._report(faults)
        if not faults:
            log.info("sentences reloaded")
            self.bus.publish(EventKind.GRAMMAR, state="reloaded")
        for fault in faults:
            self.bus.publish(EventKind.GRAMMAR, state="refused", message=fault.message)

    def poll(self) -> None:
        """Look for changed sentence files; call it every second or so.

        In the quiet, what is likely to be answered next is rendered ahead, and engines are looked after.
        """
        self._keeper.poll()
        self._voice.poll()
        if self._voice.is_quiet:
            self._upkeep.poll()
        if self.remote is not None:
            self.remote.poll(self._voice.is_quiet)

    def ears(self, *, wake: bool) -> Ears:
        """Ears for one stream; see `Hearing.ears`."""
        return self._hearing.ears(wake=wake)

    def conversation(
        self,
        sink: AudioSink,
        settings: ConversationSettings | None = None,
        *,
        label: str = "",
        on_event: Callable[[Event], None] | None = None,
        on_turn: Callable[[Turn], None] | None = None,
        uncached_voice: bool = False,
    ) -> Conversation:
        """A conductor for one audio stream; its events go to `on_event` and to the assistant's bus.

        With `uncached_voice` every reply is rendered anew when it is due, for measuring.
        """
        bus = EventBus()
        bus.listen(self.bus.relay)
        if on_event is not None:
            bus.listen(on_event)
        settings = settings or self.settings.conversation
        settings = dataclasses.replace(settings, keep_audio=self.settings.store.keep_audio)

        def finished(turn: Turn, audio: Samples | None) -> None:
            self._voice.replied(turn.reply)
            if on_turn is not None:
                on_turn(turn)
            self.turns.add(turn, audio)

        context = StreamContext(
            ears=self.ears(wake=settings.wake),
            recogniser=self.recogniser,
            dialogue=self.dialogue,
            voice=self._voice.uncached if uncached_voice else self._voice.cached,
            sink=sink,
            bus=bus,
            settings=settings,
            endpointing=self.settings.endpointing,
            on_turn=finished,
            label=label,
            hub=self.settings.hub_pipeline,
            sounds_finished=self._hearing.sounds_finished,
        )
        return Conversation(context)

    def ask(
        self,
        query: str,
        context: Sequence[str] = (),
        language: str = "",
        on_event: Callable[[Event], None] | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Turn:
        """Answer a typed sentence and store the turn; the grammar of a changed home is waited for.

        Args:
            query: the sentence.
            context: earlier utterances, oldest first.
            language: that of the sentence, if known.
            on_event: called with what happens.
            wanted: whether somebody still waits for the answer. If not, the sentence is given up, unless it
                has been understood.

        Raises:
            Unavailable: given up.
            TooLarge: the text is longer than `MAX_QUERY` characters or the context than `MAX_CONTEXT`.
            InvalidInput: another language than the assistant's, or no text.
        """
        query = query.encode("utf-8", "replace").decode("utf-8")
        if len(query) > MAX_QUERY or len(context) > MAX_CONTEXT:
            raise TooLarge(
                f"the query has {len(query)} characters and {len(context)} lines of context; "
                f"the limits are {MAX_QUERY} and {MAX_CONTEXT}",
                hint="ask one sentence at a time",
                code="ask.too-long",
            )
        if any(len(line) > MAX_QUERY for line in context):
            raise TooLarge(
                f"a line of context is longer than {MAX_QUERY} characters",
                hint="send the last few utterances only",
                code="ask.too-long",
            )
        if language and language.replace("_", "-").split("-")[0].lower() != self.settings.language:
            raise InvalidInput(
                f"the language {language!r} is not spoken here",
                hint=f"this assistant speaks {self.settings.language!r}",
                code="language.unknown",
            )
        if not query.strip():
            raise InvalidInput("the query is empty", hint="say what to do", code="ask.empty")
        bus = EventBus()
        bus.listen(self.bus.relay)
        if on_event is not None:
            bus.listen(on_event)
        identifier = uuid.uuid4().hex[:12]
        self._keeper.wait(NEW_GRAMMAR_S, wanted)
        plan = self.dialogue.plan(query, context)
        if not wanted():
            raise Unavailable("the caller has left before the sentence was understood", code="ask.given-up")
        intent = plan.parse.intent if plan.parse else None
        slots = dict(plan.parse.slots) if plan.parse else {}
        accepted, told = plan.parse is not None, open_slots(slots)
        bus.publish(EventKind.DECIDED, identifier, accepted=accepted, intent=intent or "", slots=told)
        outcome = self.dialogue.carry_out(plan)
        if outcome.reply.acts:
            bus.publish(EventKind.ACTED, identifier, intent=intent or "")
        bus.publish(EventKind.REPLY, identifier, text=outcome.reply.text)
        turn = Turn(
            id=identifier,
            time=time.time(),
            transcript=open_text(query, slots),
            accepted=accepted,
            intent=intent,
            slots=told,
            reply=outcome.reply.text,
            stages_ms={name: round(value, 3) for name, value in outcome.stages_ms.items()},
            label="ask",
        )
        try:
            self.turns.add(turn)
        except StorageError as error:
            log.warning("turn %s was not stored: %s", identifier, error)
            bus.publish(EventKind.WARNING, identifier, code=error.code, message=error.message)
        bus.publish(EventKind.TURN, identifier, accepted=accepted)
        return turn

    def understand(self, sentence: str) -> Understood:
        """What a sentence would lead to; nothing is done or stored, and it answers no question of the box."""
        return understood(sentence, self.dialogue.plan(sentence, speaker=_NOBODY))

    def transcribe(self, audio: Samples, *, free: bool = False) -> Transcript:
        """Words of a recording; the grammar is favoured unless `free`, that of a changed home waited for."""
        if not free:
            self._keeper.wait(NEW_GRAMMAR_S)
        return self._recordings.transcribe(audio, None if free else self.grammar)

    def synthesise(self, text: str, speed: float = 0.0) -> Iterator[Samples]:
        """Speech for `text` in chunks; numbers and units are spoken as people say them.

        Args:
            text: what to say.
            speed: from 0.5 to 2; 0 for the one that is set.
        """
        return self._voice.synthesise(text, speed)

    def tell_faults(self, faults: Sequence[Fault]) -> str:
        """What is said in the room of at least one fault."""
        return fault_text(self._language.replies, faults)

    def models(self) -> list[tuple[ModelEntry, str]]:
        """Every catalogued model and whether it is "ready", "missing" or "damaged" (by size)."""
        return [(entry, self._store.state(entry.name)) for entry in CATALOGUE]

    def close(self) -> None:
        """Save and let go of what is held."""
        if self.lender is not None:
            self.lender.close()
        self._voice.close()
        self.turns.close()
