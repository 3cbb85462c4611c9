"""sotto-setup: brings the box into a network; if there is none, it opens its own with a set-up page.

Runs as root, because only root may control NetworkManager and systemd. It reads nothing from any network: the
page is a process of its own without rights (`services.provision.page`). It ends when there is a network.
"""

from __future__ import annotations

import dataclasses
import grp
import json
import logging
import secrets
import sys
import time
from collections.abc import Callable

from common.errors import SottoError
from common.files import Owner, read_bounded, write_whole
from services.provision import keyfile
from services.provision.access_point import PATIENCE_S, Action, Facts, Stage, State, step
from services.provision.form import present_values
from services.provision.keys import Setup
from services.provision.main import load_previous
from services.provision.names import host_name, network_name
from services.provision.network import NetworkManager, Run, has_radio, is_online, is_open, run
from services.provision.places import Places

log = logging.getLogger(__name__)

PAGE = "sotto-setup-page.service"
_NAP_S = 2.0
_RARE_NAP_S = 10.0
#: Longer than the time limit of the slowest unit that is waited for.
_COMMAND_S = 330.0
#: The page's last answer must still reach the phone.
_ANSWER_S = 3.0


class Watch:
    """Polls the network and carries out the actions of the state machine.

    Args:
        places: where files lie.
        run: how programs are started.
        now: monotonic seconds.
        wall: seconds since the epoch, as of file times.
        sleep: waits for some seconds.
        owner: who may read the password of the own network, beside root.
    """

    def __init__(
        self,
        places: Places,
        run: Run = run,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        owner: Owner | None = None,
    ) -> None:
        self._places = places
        self._run = run
        self._now = now
        self._wall = wall
        self._sleep = sleep
        self._manager = NetworkManager(run)
        self._owner = owner
        self._failure = ""
        self._network = ""
        # A new password at each start: somebody who records a phone that joins can try passwords offline.
        # Twelve digits take days, and by then the password is no longer in use.
        self._password = f"{secrets.randbelow(10**12):012d}"
        self.state = State(Stage.WAITING, now())
        self._publish()

    def turn(self) -> float:
        """Look once and act; returns the seconds until the next look, 0 at the end.

        Raises:
            SottoError: a file cannot be read or written.
        """
        self.state, action = step(self.state, self._now(), self._facts())
        if action is Action.OPEN:
            self._open()
        elif action is Action.JOIN:
            self._join()
        elif action is Action.FINISH:
            self._close()
        if action is not Action.NOTHING:
            log.info("%s", action)
            self._publish()
        if self.state.stage is Stage.DONE:
            return 0.0
        waits_long = self.state.stage is Stage.WAITING and self._now() - self.state.since > 2 * PATIENCE_S
        return _RARE_NAP_S if waits_long else _NAP_S

    def _facts(self) -> Facts:
        devices = self._manager.devices()
        return Facts(
            online=is_online(devices),
            radio=has_radio(devices),
            known=self._is_known(),
            submitted=self._places.submitted.is_file(),
            is_open=is_open(devices),
            idle_s=self._idle_s(),
        )

    def _is_known(self) -> bool:
        return (self._places.profiles / f"{keyfile.HOME}.nmconnection").is_file()

    def _idle_s(self) -> float:
        """Seconds since the page was used. Each use touches a file, of which only the date is read."""
        try:
            used = (self._places.page_run / "used").stat(follow_symlinks=False).st_mtime
        except OSError:
            return float("inf")
        return max(0.0, self._wall() - used)

    def _open(self) -> None:
        """Scan before the radio is in use, then bring up the own network and the page."""
        self._network = ""
        if self._is_known() and not self._failure:
            # It should have been joined by now; one more try gives the reason.
            self._failure = self._manager.up(keyfile.HOME, int(PATIENCE_S))
            if not self._failure:
                return
        setup = load_previous(self._places)
        self._facts_for_page(setup)
        ssid = self._ssid(setup)
        profile = keyfile.own_profile(ssid, self._password)
        write_whole(self._places.profiles / f"{keyfile.OWN}.nmconnection", profile.encode(), 0o600)
        self._manager.reload()
        if reason := self._manager.up(keyfile.OWN, 30):
            log.warning("the own network does not open: %s", reason)
            return
        self._systemctl("restart", PAGE)
        write_whole(self._places.own_password, f"{self._password}\n".encode(), 0o640, self._owner)
        self._network = ssid

    def _join(self) -> None:
        """Take the form, if there is one, and try the network that is set now."""
        sent = self._places.submitted.is_file()
        if sent:
            self._sleep(_ANSWER_S)
        self._close()
        if sent:
            before = self._read_at_start()
            # This unit reads the form, writes sotto.toml and applies it; see services.provision.main.
            self._systemctl("restart", "sotto-provision.service")
            if changed := [unit for unit, value in self._read_at_start().items() if value != before[unit]]:
                self._systemctl("--no-block", "try-restart", *changed)
            if (self._places.ssh / "authorized_keys").is_file():
                self._systemctl("--no-block", "start", "ssh.service")
        self._manager.reload()
        self._failure = ""
        if self._is_known():
            self._failure = self._manager.up(keyfile.HOME, int(PATIENCE_S))

    def _close(self) -> None:
        self._network = ""
        self._places.own_password.unlink(missing_ok=True)
        self._systemctl("stop", PAGE)
        self._manager.down(keyfile.OWN)

    def _read_at_start(self) -> dict[str, object]:
        """By unit: the part of the set-up that it reads only at its start."""
        settings = read_bounded(self._places.config / "assistant.toml", 256 * 1024)
        try:
            zone = str(self._places.localtime.readlink())
        except OSError:
            zone = ""
        return {
            "sotto-assistantd.service": (settings, zone),
            "sotto-updated.service": zone,
            # The kernel is not asked: this unit has a host name of its own, which does not change.
            "sotto-gatewayd.service": host_name(load_previous(self._places).name),
        }

    def _systemctl(self, *arguments: str) -> None:
        answer = self._run(["systemctl", *arguments], _COMMAND_S)
        if answer.code:
            log.warning("systemctl %s: %s", " ".join(arguments), answer.error.strip())

    def _ssid(self, setup: Setup) -> str:
        machine = read_bounded(self._places.root / "etc/machine-id", 64) or b""
        return network_name(setup.name, machine.decode("ascii", "replace").strip())

    def _facts_for_page(self, setup: Setup) -> None:
        """Write what the form shows; no secret is among it."""
        facts = {
            "address": keyfile.OWN_ADDRESS,
            "failure": self._failure and f'"{setup.wifi.ssid or ""}": {self._failure}',
            "networks": [dataclasses.asdict(seen) for seen in self._manager.scan()],
            **present_values(setup),
        }
        write_whole(self._places.setup_run / "page.json", json.dumps(facts).encode())

    def _publish(self) -> None:
        """Write the state for `sotto-greet`, which speaks it."""
        state = {"stage": self.state.stage.value, "network": self._network, "failure": self._failure}
        write_whole(self._places.setup_run / "state.json", json.dumps(state).encode())


def main() -> int:
    """Entry point; ends with 0 as soon as there is a network."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        watch = Watch(Places(), owner=Owner(group=grp.getgrnam("sotto").gr_gid))
        while nap := watch.turn():
            time.sleep(nap)
    except SottoError as error:
        print(f"sotto-setup: {error}", file=sys.stderr)
        return int(error.kind.value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
