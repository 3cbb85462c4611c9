"""The set-up page: plain HTML that works without JavaScript, on a phone, and with a screen reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from services.provision.config import Problem
from services.provision.key_field import FormField
from services.provision.key_index import KEYS
from services.provision.keys import Setup

STYLE = """
:root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 0 auto; padding: 1rem; }
label, legend { display: block; font-weight: 600; margin-top: 1.2rem; }
.hint { display: block; font-weight: 400; font-size: .9rem; }
input, select, textarea, button { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; }
button { margin-top: 1.6rem; font-weight: 700; }
.error { border-left: .4rem solid #c00; padding-left: .6rem; }
:focus-visible { outline: .2rem solid #06c; outline-offset: .1rem; }
"""
#: The field for a network that the box has not seen; its key is that of the field `ssid`.
OTHER_SSID = "other_ssid"


def _ordered() -> Iterator[tuple[str, str, FormField]]:
    """Name, key of the set-up file, and description of each field, as they stand on the page."""
    found = [
        (known.form.name or name, f"{section}.{name}" if section else name, known.form)
        for section, table in KEYS.items()
        for name, known in table.items()
        if known.form is not None
    ]
    return iter(sorted(found, key=lambda each: each[2].order))


#: Form field -> its description, in the order of the page.
FORM: Mapping[str, FormField] = {name: form for name, _, form in _ordered()}
#: Form field -> key of the set-up file.
FIELDS: Mapping[str, str] = {name: key for name, key, _ in _ordered()} | {OTHER_SSID: "wifi.ssid"}


@dataclass(frozen=True)
class Page:
    """What the form shows before it is filled in.

    Attributes:
        address: of the box in its own network.
        networks: names of the networks within reach, strongest first, and whether each needs a password.
        values: form field -> present value.
        zones: time zones to choose from.
        failure: why the last try to join failed; "" if there was none.
    """

    address: str
    networks: Sequence[tuple[str, bool]] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    zones: Sequence[str] = ()
    failure: str = ""


def present_values(setup: Setup) -> dict[str, str | list[str]]:
    """What the page shows of a set-up, by form field: "" where it says nothing, and no secret."""
    values: dict[str, str | list[str]] = {}
    for name, form in FORM.items():
        if form.prefilled:
            value: Any = setup
            for part in FIELDS[name].split("."):
                value = getattr(value, part)
            values[name] = list(value) if isinstance(value, tuple) else str(value or "")
    return values


def form_page(page: Page, token: str, values: Mapping[str, str], problems: Sequence[Problem] = ()) -> str:
    """The form with `values` filled in, except for the password; each problem is shown at its field."""
    at = {problem.key: problem for problem in problems}
    parts = [
        "<h1>Set up your box</h1>",
        _failures(page, problems),
        '<form method="post" action="/" accept-charset="utf-8" autocomplete="off">',
        f'<input type="hidden" name="token" value="{escape(token)}">',
    ]
    for name, form in FORM.items():
        parts.append(_field(name, form.label, form.hint, at, _control(name, form, page, values)))
        if name == "ssid":
            parts.append(
                _field(
                    OTHER_SSID,
                    "Wi-Fi network that is not in the list",
                    "Exactly as it is written, with capitals",
                    {},
                    _input(OTHER_SSID, values, "maxlength=32"),
                )
            )
    parts.append('<button type="submit">Save and connect</button></form>')
    return _document("Set up your box", "".join(parts))


def _control(name: str, form: FormField, page: Page, values: Mapping[str, str]) -> str:
    """The HTML control of a field; four fields need more than their description."""
    value = values.get(name, "")
    if name == "ssid":
        networks = [(ssid, f"{ssid}{'' if secured else ' (open)'}") for ssid, secured in page.networks]
        if value and value not in dict(networks):
            networks.insert(0, (value, value))
        return _select(name, networks, value, "Choose one, or type it below")
    if name == "timezone":
        return _select(name, [(zone, zone.replace("_", " ")) for zone in page.zones], value)
    if name == "wake_word":
        several = not page.values.get(name)
        return _select(name, form.choices, value, "The words set before" if several else None)
    if name == "ssh_key":
        return (
            f'<textarea id="{name}" name="{name}" rows="3" maxlength="4000" '
            f'aria-describedby="{name}-hint">{escape(value)}</textarea>'
        )
    if form.choices:
        return _select(name, form.choices, value)
    # A secret is never sent back.
    return _input(name, {} if "type=password" in form.attributes else values, form.attributes)


def thanks_page(ssid: str) -> str:
    """The page that follows a valid form."""
    joins = f"It now joins the network <b>{escape(ssid)}</b>. " if ssid else ""
    return _document(
        "Saved",
        f"<h1>Saved</h1><p>{joins}This network goes away now; take your phone back to your own.</p>"
        "<p>The box says its address when it is connected. If it cannot connect, its own network comes back "
        "within two minutes, and this page says why.</p>",
    )


def plain_page(title: str, text: str) -> str:
    """A page with one sentence."""
    return _document(title, f'<h1>{escape(title)}</h1><p>{escape(text)}</p><p><a href="/">Back</a></p>')


def _failures(page: Page, problems: Sequence[Problem]) -> str:
    parts = []
    if page.failure and not problems:
        parts.append(f"<p>The last try did not work. {escape(page.failure)}.</p>")
    for problem in problems:
        parts.append(f"<p>{escape(problem.message)}. {escape(problem.hint)}</p>")
    return f'<div class="error" role="alert">{"".join(parts)}</div>' if parts else ""


def _field(name: str, label: str, hint: str, at: Mapping[str, Problem], control: str) -> str:
    wrong = ' class="error"' if FIELDS[name] in at else ""
    return (
        f'<div{wrong}><label for="{name}">{escape(label)}'
        f'<span class="hint" id="{name}-hint">{escape(hint)}</span></label>{control}</div>'
    )


def _input(name: str, values: Mapping[str, str], attributes: str) -> str:
    return (
        f'<input id="{name}" name="{name}" value="{escape(values.get(name, ""))}" {attributes} '
        f'autocapitalize="none" spellcheck="false" aria-describedby="{name}-hint">'
    )


def _select(name: str, options: Sequence[tuple[str, str]], chosen: str, empty: str | None = None) -> str:
    parts = [] if empty is None else [f'<option value="">{escape(empty)}</option>']
    for value, text in options:
        selected = " selected" if value == chosen else ""
        parts.append(f'<option value="{escape(value)}"{selected}>{escape(text)}</option>')
    return f'<select id="{name}" name="{name}" aria-describedby="{name}-hint">{"".join(parts)}</select>'


def _document(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css"></head>'
        f"<body><main>{body}</main></body></html>"
    )
