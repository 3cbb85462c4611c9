"""From the form of the set-up page, which has no rights, to the set-up file, which only root writes.

The page writes one small file. Root does not trust it: its size is bounded, it must not be a link, and it is
checked as the owner's file is. A valid form goes into `sotto.toml`; the former file stays beside it.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from common.errors import SottoError
from common.files import read_bounded, remove, write_whole
from services.provision.config import Report, merge, read, to_toml
from services.provision.form import FIELDS
from services.provision.key_index import KEYS
from services.provision.keys import Setup, Wifi
from services.provision.places import Places
from services.provision.text_file import LIMIT_BYTES

#: Bytes of a form as it comes from a phone: a few lines, and perhaps some keys.
FORM_LIMIT = 16 * 1024


def adopt(places: Places, previous: Setup) -> list[str]:
    """Take the form of the page, if there is one, into `sotto.toml`; returns what went wrong.

    The form is removed only after that: if the power fails between the two, the form is taken twice, with the
    same result.
    """
    failures: list[str] = []
    try:
        # As TOML a form may be somewhat longer than as it was sent.
        data = read_bounded(places.submitted, LIMIT_BYTES)
        if data is None:
            return []
        form = read(data)
        if form.problems:
            failures += [f"the form of the set-up page: {problem.message}" for problem in form.problems]
        else:
            _write(overlay(_present(places, previous), form.setup), places)
    except SottoError as error:
        failures.append(str(error))
    try:
        remove(places.submitted)
    except SottoError as error:
        failures.append(str(error))
    return failures


def overlay(present: Setup, form: Setup) -> Setup:
    """The present set-up with the values of the form; keys that the page does not ask for stay as they are.

    A network that is chosen again keeps its password, unless there is a new one, and stays hidden if it was.
    Raises nothing.
    """
    changes: dict[str, Any] = {}
    for place in FIELDS.values():
        section, _, key = place.rpartition(".")
        value = getattr(getattr(form, section) if section else form, key)
        if section != "wifi" and value not in (None, "", ()):
            if section:
                before = changes.get(section, getattr(present, section))
                changes[section] = dataclasses.replace(before, **{key: value})
            else:
                changes[key] = value
    return dataclasses.replace(present, **changes, wifi=_overlay_wifi(present.wifi, form.wifi))


def _overlay_wifi(present: Wifi, form: Wifi) -> Wifi:
    wifi = form if form.ssid else present
    if form.ssid and form.ssid == present.ssid:
        password, hidden = wifi.password or present.password, wifi.hidden or present.hidden
        wifi = dataclasses.replace(wifi, password=password, hidden=hidden)
    others = [name for name in KEYS["wifi"] if name not in ("ssid", "password", "hidden")]
    return dataclasses.replace(
        wifi, **{name: getattr(form, name) or getattr(present, name) for name in others}
    )


def _present(places: Places, previous: Setup) -> Setup:
    """The set-up of the owner's file; invalid values keep the previous value."""
    try:
        data = read_bounded(places.setup_file, LIMIT_BYTES)
    except SottoError:
        return previous
    return merge(previous, read(data) if data is not None else Report(Setup(), (), frozenset({"*"})))


def _write(setup: Setup, places: Places) -> None:
    old = read_bounded(places.setup_file, LIMIT_BYTES) if places.setup_file.is_file() else None
    new = to_toml(setup).encode()
    if old == new:
        return
    if old is not None:
        write_whole(places.setup_file.with_name("sotto.toml.old"), old)
    write_whole(places.setup_file, new)
