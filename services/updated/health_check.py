"""The health check: a boot is good when the box hears, understands and answers as before.

Exit status 0 lets boot-complete.target be reached, which blesses a version on trial. 1 does not; only then,
and only on trial, sotto-fallback.service marks the boot bad and reboots. A version that is proven never
reboots for a failed check, so no loop can arise. Its voice self-test is not repeated: it ran when the version
was on trial, or at the first boot, and its figures are known.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from common.errors import SottoError
from services.updated.bootentries import BootFolder, on_trial
from services.updated.cards import sound_cards
from services.updated.household import look
from services.updated.judge import FACTOR, Observations, Verdict, as_good_boot, judge
from services.updated.machine import Machine, read_machine
from services.updated.places import Places
from services.updated.runner import Programs, Runner
from services.updated.state import BootVerdict, GoodBoot, State, StateStore
from services.updated.units import UnitsNow, look_at_units
from services.updated.voice import VoiceResult, answers, try_voice

#: Daemons without which the box cannot hear or speak, or could not be repaired.
UNITS = (
    "sotto-assistantd.service",
    "sotto-updated.service",
    "sotto-pipewire.service",
    "sotto-wireplumber.service",
    "NetworkManager.service",
)
#: USB sound devices and units that start again may need so long to settle, seconds.
_SETTLE_S = 30.0
_STEP_S = 2.0


@dataclass(frozen=True)
class HealthCheckSettings:
    """`timeout_s` for all of it; `factor` times the last good figure is slow enough to fail."""

    timeout_s: float = 840.0
    factor: float = FACTOR
    units: tuple[str, ...] = UNITS


class HealthCheck:
    """One look at this boot.

    Args:
        places, machine, runner, settings: where, on what, with what.
        clock: seconds since the epoch.
        wait: sleeps for some seconds.
    """

    def __init__(
        self,
        places: Places,
        machine: Machine,
        runner: Runner,
        settings: HealthCheckSettings,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._places = places
        self._machine = machine
        self._runner = runner
        self._settings = settings
        self._clock = clock
        self._wait = wait
        self._store = StateStore(places.state)

    def run(self) -> Verdict:
        """Observe, judge and record.

        Raises:
            SottoError: the boot folder cannot be read or the verdict cannot be written, which is no
                good boot either.
        """
        state = self._store.load()
        trial = on_trial(BootFolder(self._places.kernels).entries(), self._machine.version)
        seen = self._observe(state, trial)
        verdict = judge(seen, state.good, state.household, self._settings.factor)
        self._store.change(lambda state: self._recorded(state, seen, verdict, trial))
        return verdict

    def _observe(self, state: State, trial: bool) -> Observations:
        until = time.monotonic() + self._settings.timeout_s
        good = state.good
        known = good.compute_ms.get(self._machine.cpu) if good else None
        proven = (
            not trial and good is not None and good.version == self._machine.version and known is not None
        )
        if proven:
            voice = answers(self._places.assistant_socket, until)
        else:
            enough = None if known is None else self._settings.factor * known
            voice = try_voice(self._places.assistant_socket, until, enough)
        units, cards = self._settled(good, voice)
        return Observations(
            version=self._machine.version,
            cpu=self._machine.cpu,
            household=look(self._places, self._clock()),
            rolled_back=self._machine.version in self._store.load().refused,
            idle_units=units.idle,
            failed_units=units.failed,
            machine_error=units.error,
            api_error=voice.api_error,
            spoken_to=not proven,
            heard=voice.heard,
            compute_ms=voice.compute_ms,
            cards=cards,
        )

    def _settled(self, good: GoodBoot | None, voice: VoiceResult) -> tuple[UnitsNow, tuple[str, ...]]:
        """Units and cards, once all is there or `_SETTLE_S` seconds have passed."""
        waited = 0.0
        while True:
            try:
                units = look_at_units(self._runner, self._settings.units)
            except SottoError as error:
                units = UnitsNow(error=error.message)
            cards = sound_cards(self._places.proc)
            there = set(good.cards if good else ()) <= set(cards)
            fine = there and units == UnitsNow()
            if fine or waited >= _SETTLE_S or voice.api_error:
                return units, cards
            self._wait(_STEP_S)
            waited += _STEP_S

    def _recorded(self, state: State, seen: Observations, verdict: Verdict, trial: bool) -> State:
        now = self._clock()
        outcome = BootVerdict(seen.version, verdict.passed, trial, verdict.reasons, now)
        # Compared now; what is noted at the next shutdown is for the next boot.
        state = replace(state, boot=outcome, household=None)
        if trial:
            state = replace(state, trial=outcome)
        if verdict.passed:
            state = replace(state, good=as_good_boot(seen, state.good, now))
        elif not trial and state.good is not None:
            # A device that the owner has unplugged must not fail all later boots, and updates.
            state = replace(state, good=replace(state.good, cards=seen.cards))
        return state


def main() -> int:
    """Entry point of sotto-gate.service."""
    parser = argparse.ArgumentParser(prog="sotto-gate", description=__doc__)
    parser.add_argument("--timeout", type=float, default=HealthCheckSettings.timeout_s, metavar="SECONDS")
    parser.add_argument("--factor", type=float, default=FACTOR, help="of the last good figure, at most")
    parser.add_argument("--unit", action="append", metavar="UNIT", help="must run; instead of the usual ones")
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    places = Places(options.root)
    settings = HealthCheckSettings(options.timeout, options.factor, tuple(options.unit or UNITS))
    try:
        verdict = HealthCheck(places, read_machine(places), Programs(), settings).run()
    except SottoError as error:
        print(f"sotto-gate: {error}", file=sys.stderr)
        return 1
    for reason in verdict.reasons:
        print(f"sotto-gate: {reason}", file=sys.stderr)
    print(f"sotto-gate: this boot is {'good' if verdict.passed else 'not good'}", flush=True)
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main())
