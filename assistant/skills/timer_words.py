"""What timers are called, and what is said when one ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from assistant.skills.lines import WordList, line
from assistant.skills.phrases import Phrases
from assistant.skills.replies import Replies
from assistant.skills.rings import LATE_AFTER, Ring, RingKind
from assistant.skills.timer import Timer

_LABEL = line("timers.label", "name")
_NAMELESS = line("timers.nameless")
_THE = line("timers.the", "label")
_COUNTED = line("timers.counted", "count")
_LISTED = line("timers.listed", "timers", "names")
#: By whether the timer is paused.
_LEFT = {False: line("timers.left", "length"), True: line("timers.left_paused", "length")}
_LEFT_ON = line("timers.left_on", "left", "label")
_RING = line("timers.ring", "label")
_LATE = line("timers.ring_late", "label", "time", "ago")
_LATE_COMMAND = line("timers.ring_late_command", "time", "command")
_LONG_AGO = line("timers.more_than_a_day")

#: Words before a name, and behind it, that are no part of it.
_ARTICLES = WordList("timers.articles")
_NOUNS = WordList("timers.nouns")
#: Words that only say that a timer is one more.
_ONE_MORE = WordList("timers.one_more")


class TimerWords:
    """What timers are called in a language.

    Args:
        replies: of the language.
    """

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._phrases = Phrases(replies)

    def name(self, name: str) -> str:
        """A name as timers are called by: lower case, without "the", "my" or a closing "timer"."""
        plain = " ".join(name.lower().split())
        for article in self._replies.words(_ARTICLES):
            if plain.startswith(f"{article} "):
                plain = plain.removeprefix(f"{article} ")
                break
        for noun in self._replies.words(_NOUNS):
            if plain.endswith(f" {noun}"):
                return plain.removesuffix(f" {noun}")
        return plain

    def new_name(self, name: str) -> str:
        """The name of a timer that is started: "second" or "another" only say that it is one more."""
        words = self.name(name).split()
        while words and (count := self._one_more(words)):
            del words[:count]
        return " ".join(words)

    def label(self, name: str, length_s: float) -> str:
        """ "pizza timer", "ten minute timer"; "timer" where neither name nor length is known."""
        if not name and not length_s:
            return self._replies.text(_NAMELESS)
        return self._replies.text(_LABEL, name=name or self._phrases.duration(length_s, noun=True))

    def the(self, timer: Timer) -> str:
        """ "the pizza timer"."""
        return self._replies.text(_THE, label=self.label(timer.name, timer.length_s))

    def counted(self, timers: Sequence[Timer]) -> str:
        """ "three timers"."""
        return self._replies.text(_COUNTED, count=len(timers))

    def the_or_count(self, timers: Sequence[Timer]) -> str:
        """ "the pizza timer", "three timers"."""
        return self.the(timers[0]) if len(timers) == 1 else self.counted(timers)

    def listed(self, timers: Sequence[Timer], now: datetime) -> str:
        """How many there are, and each by name; by the time left, too, where two have the same name."""
        names = [self.the(timer) for timer in timers]
        if len(set(names)) < len(names):
            names = [self.left(timer, now) for timer in timers]
        return self._replies.text(_LISTED, timers=self.counted(timers), names=self._phrases.joined(names))

    def remaining(self, timer: Timer, now: datetime) -> str:
        """ "five minutes"."""
        return self._phrases.duration(timer.remaining(now).total_seconds())

    def left(self, timer: Timer, now: datetime) -> str:
        """ "five minutes left on the pizza timer"."""
        left = self._replies.text(_LEFT[timer.paused], length=self.remaining(timer, now))
        return self._replies.text(_LEFT_ON, left=left, label=self.label(timer.name, timer.length_s))

    def ring(self, timer: Timer, now: datetime) -> Ring:
        """The ring of a timer that has ended, as it is said at `now`."""
        assert timer.ends_at is not None
        due = datetime.fromtimestamp(timer.ends_at, now.tzinfo)
        late = now - due > LATE_AFTER
        command: str | None = None
        time = self._phrases.clock_time(due)
        label = self.label(timer.name, timer.length_s)
        if late and timer.command:
            text = self._replies.text(_LATE_COMMAND, time=time, command=timer.command)
        elif late:
            text = self._replies.text(_LATE, label=label, time=time, ago=self._ago(now - due))
        elif timer.command:
            text, command = "", timer.command
        else:
            text = self.done(label)
        return Ring(RingKind.TIMER, timer.id, timer.name, due, late, text, command)

    def done(self, label: str) -> str:
        """What is said when a timer ends."""
        return self._replies.text(_RING, label=label)

    def _ago(self, passed: timedelta) -> str:
        """A coarse length of time: seconds do not matter any more after some minutes."""
        seconds = passed.total_seconds()
        if seconds >= 86_400:
            return self._replies.text(_LONG_AGO)
        return self._phrases.duration(seconds if seconds < 120 else 60 * round(seconds / 60))

    def _one_more(self, words: list[str]) -> int:
        """How many words at the beginning only say that a timer is one more."""
        for phrase in self._replies.words(_ONE_MORE):
            parts = phrase.split()
            if words[: len(parts)] == parts:
                return len(parts)
        rank = re.match(r"\d{1,3}", words[0])
        return int(rank is not None and words[0] == self._phrases.ordinal(int(rank[0])))
