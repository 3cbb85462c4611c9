"""The microphone and the loudspeaker of the box, for one conversation; both may be hot-plugged."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter, sleep

from assistant.assistant import Assistant
from assistant.audio import portaudio
from assistant.audio.devices import choose
from assistant.audio.echo import EchoCanceller
from assistant.audio.format import VOICE_RATE, Samples
from assistant.audio.hotplug import Hotplug
from assistant.audio.microphone import DeviceState, Microphone
from assistant.audio.playback import PlaybackReference
from assistant.audio.sink import AudioSink, NullSpeaker
from assistant.audio.speaker import Speaker
from assistant.events import EventKind
from assistant.models.catalogue import WAKE_WORDS
from assistant.settings import Settings
from assistant.skills.volume_control import SavedVolume
from assistant.turn.conversation import Conversation
from common.errors import SottoError
from services.assistantd.announce import no_loudspeaker, speak_in_turn
from services.wire.sound_choice import SOUND_CHOICE, may_echo

log = logging.getLogger(__name__)

#: Before a microphone that failed in an unknown way is opened again.
_RETRY_S = 1.0


class Room:
    """The sound of the room: microphone and loudspeaker of the box.

    Args:
        settings: devices and how to use them.
        state: folder in which the volume is saved.
        microphone: False to leave the microphone closed (the daemon then only serves).
        sound_report: file that the sound service writes, on a box that has one.
    """

    def __init__(
        self, settings: Settings, state: Path, *, microphone: bool, sound_report: Path = SOUND_CHOICE
    ) -> None:
        self._listens = microphone
        self._sound_report = sound_report
        self._why_deaf = "the microphone is switched off (--no-microphone)"
        self._settings = settings
        self._echo: EchoCanceller | None = None
        self._speaker = self._find_speaker()
        self.volume = SavedVolume(state / "volume.json", self._set_volume)
        self._microphone = Microphone(settings.microphone, self._changed)
        self._assistant: Assistant | None = None
        self._conversation: Conversation | None = None
        self._hotplug: Hotplug | None = None
        self._thread = threading.Thread(target=self._listen, name="ears", daemon=True)

    def _find_speaker(self) -> AudioSink:
        try:
            portaudio.library()
        except SottoError as error:
            log.warning("no sound output: %s", error)
            return NullSpeaker(realtime=True)
        if self._settings.audio.echo_cancellation == "off":
            return Speaker(self._settings.speaker)
        reference = PlaybackReference()
        try:
            self._echo = EchoCanceller(reference, self._wants_echo_cancelled)
        except SottoError as error:
            log.warning("the echo is not cancelled: %s", error)
            return Speaker(self._settings.speaker)
        return Speaker(self._settings.speaker, reference)

    def _wants_echo_cancelled(self) -> bool:
        """Evaluated at each reply: the sound card may have changed meanwhile."""
        return self._settings.audio.echo_cancellation == "on" or may_echo(self._sound_report)

    def _set_volume(self, level: float) -> None:
        self._speaker.volume = level

    def open(self, assistant: Assistant) -> Conversation:
        """Make the conversation of the room; `start` then begins to listen."""
        self._assistant = assistant
        settings = replace(self._settings.conversation, echo_free=self._echo is not None)
        self._conversation = assistant.conversation(self._speaker, settings, label="room")
        conversation = self._conversation
        assistant.dialogue.on_silence(lambda: conversation.interrupt("somebody asked for silence"))
        return self._conversation

    def start(self) -> None:
        """Open the devices there are, and listen in a thread."""
        if isinstance(self._speaker, Speaker):
            with contextlib.suppress(SottoError):
                # An open stream speaks 150 ms sooner; a missing loudspeaker is looked for again later.
                self._speaker.prepare(self._assistant.voice.sample_rate if self._assistant else VOICE_RATE)
        if not self._listens:
            return
        try:
            self._microphone.open()
            self._why_deaf = ""
        except SottoError as error:
            self._why_deaf = error.message
            if error.code == "audio.no-portaudio":
                return
        self._hotplug = Hotplug(lambda _action, _name: self._request_rescan())
        if self._hotplug.reason:
            log.info("%s", self._hotplug.reason)
        self._thread.start()

    @property
    def conversation(self) -> Conversation | None:
        """The conversation of the room; None before `open`."""
        return self._conversation

    @property
    def speaks(self) -> bool:
        """Whether there is a loudspeaker, as far as is known before it is used."""
        return isinstance(self._speaker, Speaker)

    def say_in_turn(self, text: str) -> None:
        """As `announce`, without a chime."""
        self.announce(text, chime=False, wanted=lambda: True)

    def announce(self, what: str | Samples, *, chime: bool, wanted: Callable[[], bool]) -> None:
        """Speak a text, or play a sound at the voice's rate, when the box neither listens nor answers.

        Returns when it was played.

        Raises:
            Unavailable: there is no loudspeaker, or the box listens or answers for too long.
            NotFound: the loudspeaker named in the settings is not there.
        """
        conversation, assistant = self._conversation, self._assistant
        if conversation is None or assistant is None or not isinstance(self._speaker, Speaker):
            raise no_loudspeaker()
        self._speaker.prepare(assistant.voice.sample_rate)
        speak_in_turn(conversation, what, chime=chime, wanted=wanted)

    def describe(self) -> str:
        """One line for the person at the terminal."""
        if self._why_deaf:
            return (
                f"not listening: {self._why_deaf}; serving all the same. "
                "Try: .venv/bin/sotto listen FILE.wav, or .venv/bin/sotto ask what time is it"
            )
        device = choose("input", self._settings.microphone.device)
        words = " or ".join(f'"{WAKE_WORDS[name].phrase}"' for name in self._settings.wake.thresholds())
        return f"listening on {device.name if device else 'the microphone'}; say {words}"

    def close(self) -> None:
        """Stop playback and close the devices."""
        self._microphone.close()
        if self._hotplug is not None:
            self._hotplug.stop()
        if self._conversation is not None:
            self._conversation.close()
        self._speaker.close()
        if self._thread.is_alive():
            self._thread.join(5)

    def _listen(self) -> None:
        while True:
            try:
                for frame in self._microphone.frames():
                    self._hear(frame)
                return  # it was closed
            except Exception:
                # A fault of a driver must not end this thread: the device is opened again.
                log.exception("the microphone failed")
                self._microphone.close_for_rescan()
                sleep(_RETRY_S)

    def _hear(self, frame: Samples) -> None:
        assert self._conversation is not None
        try:
            if self._echo is not None:
                frame = self._echo.process(frame, perf_counter())
            self._conversation.feed(frame)
            # While the room is silent, frames are read several at once: half the wake-ups.
            self._microphone.relaxed = not self._conversation.is_alert
        except Exception:
            # A fault in one turn must not end this thread.
            log.exception("hearing failed")

    def _request_rescan(self) -> None:
        self._microphone.request_rescan()
        if isinstance(self._speaker, Speaker):
            self._speaker.request_rescan()

    def _changed(self, state: DeviceState) -> None:
        if self._assistant is not None:
            self._assistant.bus.publish(
                EventKind.MICROPHONE, state=state.kind, device=state.device, reason=state.reason
            )
        log.info("microphone %s: %s %s", state.kind, state.device, state.reason)
