"""A room without devices: a real assistant on its socket, whose microphone is fed and whose loudspeaker keeps
what it plays; and a gateway beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import sleep

import numpy as np

from assistant.assistant import Assistant
from assistant.audio.format import FRAME_SAMPLES, Samples
from assistant.audio.sink import Chunks, NullSpeaker
from assistant.events import Event as BoxEvent
from assistant.settings import Settings
from assistant.skills.volume_control import SavedVolume
from assistant.turn.conversation import Conversation
from assistant.turn.hub_turn import HubPipelineSettings, Takes
from assistant.turn.settings import Phase
from assistant.turn.store import Turn
from common.paths import models_dir
from services.assistantd.announce import speak_in_turn
from services.assistantd.metric_reports import MetricReports
from services.assistantd.rings import RingLoop
from services.assistantd.server import Server
from services.bench.virtual_sound import until
from tests.services.conftest import Box, free_port
from tests.services.gatewayd.conftest import Gate


class Loudspeaker(NullSpeaker):
    """Keeps what it plays, one array a reply; as slow as a real one if `realtime`."""

    def __init__(self) -> None:
        super().__init__(realtime=False)
        self.replies: list[Samples] = []

    def play(self, chunks: Iterable[Samples], rate: int, on_first: Callable[[], None] | None = None) -> bool:
        self.replies.append(np.zeros(0, np.int16))
        return super().play(self._kept(chunks), rate, on_first)

    def _kept(self, chunks: Iterable[Samples]) -> Iterator[Samples]:
        with Chunks(chunks) as blocks:
            while (chunk := blocks.next()) is not None:
                self.replies[-1] = np.concatenate([self.replies[-1], chunk])
                yield chunk

    def slow(self, slow: bool) -> None:
        self._realtime = slow


class HubRoom:
    """The assistant of a box, in this process; its server takes it for `services.assistantd.room.Room`."""

    def __init__(self, state: Path, socket: Path, hub: HubPipelineSettings) -> None:
        settings = Settings(hub_pipeline=hub)
        self.speaker = Loudspeaker()
        self.assistant = Assistant(settings, models_dir(), state, SavedVolume(state / "volume.json"))
        self.events: list[BoxEvent] = []
        self.turns: list[Turn] = []
        self.conversation: Conversation = self.assistant.conversation(
            self.speaker, label="room", on_event=self.events.append, on_turn=self.turns.append
        )
        self.rings = RingLoop(
            self.assistant.skills,
            self.assistant.dialogue,
            lambda text: self.conversation.say(text, chime=True),
            self.assistant.bus,
            lambda: datetime.now().astimezone(),
        )
        self._server = Server(self.assistant, self, MetricReports(), socket)
        self._server.start()
        self.rings.start()

    def announce(self, what: str | Samples, *, chime: bool, wanted: Callable[[], bool]) -> None:
        """See `services.assistantd.announce.Announcer`."""
        speak_in_turn(self.conversation, what, chime=chime, wanted=wanted)

    def hear(self, audio: Samples) -> None:
        """The microphone hears it, about five times as fast as real time."""
        for frame in np.pad(audio, (0, -len(audio) % FRAME_SAMPLES)).reshape(-1, FRAME_SAMPLES):
            self.conversation.feed(frame)
            sleep(0.002)

    def hear_silence(self, wanted: Callable[[], bool], seconds: float = 20) -> bool:
        """Nobody speaks until something is so; whether it came to be."""

        def quiet() -> bool:
            self.hear(np.zeros(5 * FRAME_SAMPLES, np.int16))
            return wanted()

        return until(quiet, seconds)

    def answered(self) -> bool:
        """Whether a turn is over, or comes to be while nobody speaks."""
        return self.hear_silence(lambda: bool(self.turns) and self.conversation.phase is Phase.IDLE)

    def forget(self) -> None:
        """As new, for the next test."""
        self.speaker.slow(False)
        self.conversation.interrupt("the test is over")
        assert self.hear_silence(lambda: self.conversation.phase is Phase.IDLE)
        self.assistant.dialogue.respond("stop")
        for seen in (self.events, self.turns, self.speaker.replies):
            seen.clear()

    def seated(self) -> bool:
        """Whether a hub has its seat."""
        states = [event.data["state"] for event in self.events if event.kind.value == "hub"]
        states = [state for state in states if state in ("attached", "detached")]
        return bool(states) and states[-1] == "attached"

    def alone(self) -> bool:
        """Whether no hub has its seat."""
        return not self.seated()

    def close(self) -> None:
        self.rings.stop()
        self.conversation.close()
        self._server.stop(1)
        self.assistant.close()


@contextmanager
def hub_house(folder: Path, takes: Takes) -> Iterator[tuple[HubRoom, Gate]]:
    """A room and a gateway that is paired with a hub on this machine."""
    box = Box(folder)
    box.state.mkdir(parents=True)
    box.socket.parent.mkdir(mode=0o700)
    room = HubRoom(box.state, box.socket, HubPipelineSettings(takes, answer_s=3.0))
    gate = Gate(box, free_port(), free_port(), free_port(), free_port())
    gate.start()
    try:
        box.run("hubs", "add", "127.0.0.1")
        yield room, gate
    finally:
        status, log = gate.stop()
        room.close()
    assert status == 0
    assert "Traceback" not in log, log
