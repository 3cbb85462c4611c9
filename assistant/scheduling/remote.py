"""When speech is recognised by a paired machine instead of this one, and how long its answer is waited for.

Pure: figures and times are passed in. A result takes a time that grows with the length of the speech; of a
remote one the way there and back, and the wait for its turn, come on top:

    local  = rate * (audio_s + START_S)
    remote = rate there * (audio_s + START_S) + way

The remote recogniser is asked only while its median is clearly below the local one. Its answer is waited for
at most as long as the local recogniser would need, then that one begins too. So a remote recogniser that does
not answer costs at most as much again as the local one takes, and the speech is never lost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

#: What a recognition costs before its first second of speech, as a length of speech in s.
START_S = 0.3
#: Figures that are kept of each kind, and so many are needed before they count.
WINDOW, FEWEST = 32, 3
#: Seconds after which the newest remote figure says nothing any more.
STALE_S = 600.0
#: The remote median must be below this share of the local one; once it is used, below the second.
CLEARLY, STILL = 0.8, 0.95
#: Its answer is waited for up to twice its 95th percentile, and at least so many seconds.
LATE, LEAST_WAIT_S = 2.0, 0.05
#: Longest wait in s where it is always to be used.
LONGEST_WAIT_S = 2.0
#: Late answers in a row after which it is not asked before a trial.
MOST_LATE = 2
#: Seconds between two trials in the quiet: of a recogniser that is known, and after a failure, at first and
#: at most.
TRIAL_S, FIRST_RETRY_S, LONGEST_RETRY_S = 60.0, 2.0, 300.0


class Work(StrEnum):
    """What is recognised: the result of greedy decoding, or that of the search in the grammar."""

    QUICK = "quick"
    DEEP = "deep"


@dataclass(frozen=True)
class Verdict:
    """Whether the remote recogniser is asked, and why.

    Attributes:
        chosen: whether it is asked.
        reason: why, as a part of a sentence.
        local_ms, remote_ms: medians for two seconds of speech; None if they are not known.
    """

    chosen: bool
    reason: str
    local_ms: float | None = None
    remote_ms: float | None = None


class _Window:
    """The newest values, with their median and their 95th percentile."""

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=WINDOW)
        self.median = self.high = 0.0

    def add(self, value: float) -> None:
        self._values.append(value)
        ranked = sorted(self._values)
        self.median = ranked[len(ranked) // 2]
        self.high = ranked[min(len(ranked) - 1, round(0.95 * len(ranked)))]

    @property
    def counts(self) -> bool:
        return len(self._values) >= FEWEST


class RemoteChoice:
    """Chooses between this machine's recogniser and a remote one. Used by one thread at a time.

    Times are seconds of a clock that never goes back.

    Args:
        always: use the remote recogniser whenever it answers, also if it is slower, to spare this machine.
    """

    def __init__(self, *, always: bool = False) -> None:
        self._always = always
        self._local = {work: _Window() for work in Work}
        self._chosen = False
        self._refused = ""
        self.connected(0.0)

    def connected(self, now: float) -> None:
        """A connection was made: what was measured of the one before does not count."""
        self._rates = {work: _Window() for work in Work}
        self._ways = {work: _Window() for work in Work}
        self._measured_at = now
        self._doubted = self._chosen = False
        self._late = self._failures = 0
        self._refused = ""
        self._trial_at = self._not_before = now

    def local_took(self, work: Work, audio_s: float, seconds: float) -> None:
        """A result of the local recogniser was there after `seconds`."""
        self._local[work].add(seconds / (audio_s + START_S))

    def remote_took(
        self,
        work: Work,
        audio_s: float,
        seconds: float,
        computed_s: float,
        now: float,
        *,
        trial: bool = False,
    ) -> None:
        """A result of the remote recogniser was there after `seconds`, of which it computed `computed_s`.

        Args:
            work, audio_s, seconds, computed_s: see above.
            now: when it came.
            trial: whether it was asked for in the quiet.
        """
        self._rates[work].add(computed_s / (audio_s + START_S))
        self._ways[work].add(max(0.0, seconds - computed_s))
        self._measured_at = now
        self._late = self._failures = 0
        self._doubted = self._doubted and not trial
        if not self._doubted:
            self._trial_at = now + (TRIAL_S if self._ways[Work.QUICK].counts else 0.0)

    def late(self, now: float) -> None:
        """Its answer was not there in time."""
        self._late += 1
        if self._late >= MOST_LATE:
            self.failed(now)

    def failed(self, now: float, retry_s: float = 0.0) -> None:
        """It did not answer, or refused because it has too much to do.

        Args:
            now: when.
            retry_s: seconds after which it wants to be asked again; 0 if it did not say.
        """
        if self._doubted and now < self._not_before:
            return  # what was under way at once fails at once: that is one failure
        self._doubted, self._chosen = True, False
        pause_s = max(retry_s, min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(self._failures, 16)))
        self._failures += 1
        self._late = 0
        self._trial_at = self._not_before = now + pause_s

    def refuse(self, reason: str) -> None:
        """It must not be used on this connection, for `reason`: a trial went wrong."""
        self._refused = reason

    def trial_due(self, now: float) -> bool:
        """Whether it is to be tried, if it is quiet."""
        return not self._refused and now >= self._trial_at

    @property
    def lacks_local(self) -> bool:
        """Whether the local recogniser is not measured yet."""
        return not self._local[Work.QUICK].counts

    def wait_s(self, work: Work, audio_s: float, now: float) -> float | None:
        """How long to wait for the remote answer, in seconds; None if it is not to be asked.

        Args:
            work: what is wanted.
            audio_s: length of the recording, in seconds.
            now: see the class.
        """
        remote = self._remote_s(work, audio_s)
        if self._why_not(now) or remote is None:
            self._chosen = False
            return None
        median, high = remote
        local = self._local_s(work, audio_s)
        patience = max(LEAST_WAIT_S, LATE * high)
        if self._always:
            self._chosen = True
            return min(LONGEST_WAIT_S, max(patience, local or 0.0))
        self._chosen = local is not None and median < (STILL if self._chosen else CLEARLY) * local
        return min(local, patience) if self._chosen and local is not None else None

    def verdict(self, now: float) -> Verdict:
        """What `wait_s` decides for two seconds of speech, for people."""
        local, remote = self._local_s(Work.QUICK, 2.0), self._remote_s(Work.QUICK, 2.0)
        figures = (None if local is None else local * 1e3, None if remote is None else remote[0] * 1e3)
        if reason := self._why_not(now):
            return Verdict(False, reason, *figures)
        if remote is None or (local is None and not self._always):
            return Verdict(False, "it is not measured yet", *figures)
        if self._always:
            return Verdict(True, "it is always to be used", *figures)
        assert local is not None
        chosen = remote[0] < (STILL if self._chosen else CLEARLY) * local
        return Verdict(chosen, f"it is {'' if chosen else 'not '}clearly faster than this machine", *figures)

    def _why_not(self, now: float) -> str:
        if self._refused:
            return self._refused
        if self._doubted or now < self._not_before:
            return "it failed, and is tried again in the quiet"
        if now - self._measured_at > STALE_S:
            return "it was not measured for a while"
        return ""

    def _known(self, work: Work) -> Work:
        """The results to go by: the quick ones until the deep ones of both are known."""
        both = self._local[work].counts and self._ways[work].counts
        return work if both or (self._always and self._ways[work].counts) else Work.QUICK

    def _local_s(self, work: Work, audio_s: float) -> float | None:
        window = self._local[self._known(work)]
        return window.median * (audio_s + START_S) if window.counts else None

    def _remote_s(self, work: Work, audio_s: float) -> tuple[float, float] | None:
        """Median and 95th percentile of the remote result, in seconds; None if they are not known."""
        known = self._known(work)
        rate, way = self._rates[known], self._ways[known]
        if not way.counts:
            return None
        length = audio_s + START_S
        return rate.median * length + way.median, rate.high * length + way.high
