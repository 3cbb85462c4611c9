"""The box hears its own voice: real models, and a simulated room with a loud, distorting loudspeaker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from assistant.assistant import Assistant
from assistant.audio.convert import level_dbfs
from assistant.audio.format import FRAME_SAMPLES, Samples
from assistant.events import EventKind
from services.bench.echo_room import frames, silence
from services.bench.recordings import clips_of, speech_folder
from services.bench.room_box import LOUD, RoomBox
from services.bench.talk_over import talk_over

Say = Callable[..., Samples]

#: All that the box listens for, said by the box.
PARROT = "Okay Nabu, turn off the kitchen light. Stop. Alexa, what time is it? Stop."


@pytest.fixture
def box(assistant: Assistant) -> Iterator[Callable[..., RoomBox]]:
    made: list[RoomBox] = []

    def make(*, cancelling: bool) -> RoomBox:
        made.append(RoomBox(assistant, cancelling=cancelling))
        return made[-1]

    yield make
    for each in made:
        each.close()


def say_to_nobody(here: RoomBox, text: str, seconds: float) -> tuple[Samples, Samples]:
    """Only the box speaks; gives the echo at the microphone, and the output of the canceller."""
    assert here.conversation.say(text)
    return here.hear(silence(seconds))


def test_its_voice_is_25_db_lower_after_the_first_reply(box: Callable[..., RoomBox]) -> None:
    here = box(cancelling=True)
    say_to_nobody(here, "The kitchen light is on, and the front door is locked.", 5)
    echo, heard = say_to_nobody(here, "It is eighteen degrees in the bedroom.", 4)
    loud = [
        at for at in range(0, len(echo) - 1600, 1600) if level_dbfs(echo[at : at + 1600]) > -35
    ]  # tenths of a second
    assert len(loud) > 10
    lower = [level_dbfs(echo[at : at + 1600]) - level_dbfs(heard[at : at + 1600]) for at in loud]
    assert np.mean(lower) > 25
    # Each rendering of the voice is another one. The weakest tenth, at the fading end of a word, was 5 to
    # 36 dB in 14 renderings; what the two or three weakest have in common was 18 dB or more.
    assert np.percentile(lower, 10) > 15


def test_it_does_not_obey_itself(box: Callable[..., RoomBox]) -> None:
    here = box(cancelling=True)
    say_to_nobody(here, PARROT, 11)
    assert not here.kinds() & {
        EventKind.WAKE,
        EventKind.INTERRUPTED,
        EventKind.TRANSCRIPT,
        EventKind.SPEECH_STARTED,
    }
    assert here.turns == []


def test_nor_does_it_once_the_linear_canceller_has_learnt_the_room(box: Callable[..., RoomBox]) -> None:
    here = box(cancelling=True)
    here.learn()
    for words in ("Okay Nabu.", "Alexa.", "Hey Jarvis.", "Hey Mycroft.", "Stop."):
        assert not here.reply(words) & {EventKind.WAKE, EventKind.INTERRUPTED}, words


def test_without_the_canceller_it_does(box: Callable[..., RoomBox]) -> None:
    """The control for the test above: without AEC the box does react to its own voice."""
    here = box(cancelling=False)
    say_to_nobody(here, PARROT, 11)
    assert EventKind.INTERRUPTED in here.kinds()


def test_a_person_who_says_stop_over_a_reply_is_obeyed(box: Callable[..., RoomBox], say: Say) -> None:
    here = box(cancelling=True)
    here.learn()
    assert EventKind.INTERRUPTED not in here.reply()
    stop = say("stop", voice="en-gb", lead=0, tail=0)
    assert EventKind.INTERRUPTED in here.reply(person=here.beside_the_echo(stop, louder_db=6))


@pytest.mark.slow
def test_real_wake_words_are_heard_over_a_reply(assistant: Assistant) -> None:
    folder = speech_folder() / "wake" / "alexa"
    if not folder.is_dir():
        pytest.skip(f"there is no real speech in {folder}")
    phrases = [clip.audio for clip in clips_of(folder, 8, skip_damaged=True)]
    result = talk_over(assistant, phrases, louder_db=0, acoustics=LOUD, cancelling=True)
    assert result["false"] == 0
    assert result["heard"] >= result["said"] - 2


def test_a_quiet_room_hears_exactly_what_the_microphone_gives(box: Callable[..., RoomBox], say: Say) -> None:
    plain, cancelling = box(cancelling=False), box(cancelling=True)
    person = say("it is a fine day", lead=0.2, tail=0.2)
    _, one = plain.hear(frames(person))
    _, other = cancelling.hear(frames(person))
    assert np.array_equal(one, other)
    assert len(one) % FRAME_SAMPLES == 0
