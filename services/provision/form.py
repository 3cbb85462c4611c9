"""The set-up page as text: plain HTML that works without JavaScript, on a phone, and read aloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from services.provision.checks import WAKE_WORDS
from services.provision.config import Problem

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
#: As the wake word: all of them. No empty value, which would keep the one that was set before.
ANY_WORD = "any"
#: Form field -> key of the set-up file.
FIELDS = {
    "name": "name",
    "language": "language",
    "timezone": "timezone",
    "wake_word": "wake_word",
    "ssid": "wifi.ssid",
    "other_ssid": "wifi.ssid",
    "password": "wifi.password",
    "country": "wifi.country",
    "ssh_key": "access.ssh_keys",
}


@dataclass(frozen=True)
class Page:
    """What the form shows before somebody fills it in.

    Attributes:
        address: of the box in its own network.
        networks: names in the air, strongest first, and whether each wants a password.
        values: form field -> present value.
        zones: time zones to choose from.
        failure: why the last try to join failed; empty if there was none.
    """

    address: str
    networks: Sequence[tuple[str, bool]] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    zones: Sequence[str] = ()
    failure: str = ""


def form_page(page: Page, token: str, values: Mapping[str, str], problems: Sequence[Problem] = ()) -> str:
    """The form with `values` filled in, but for the password; each problem stands at its field."""
    at = {problem.key: problem for problem in problems}
    networks = [(ssid, f"{ssid}{'' if secured else ' (open)'}") for ssid, secured in page.networks]
    ssid = values.get("ssid", "")
    if ssid and ssid not in dict(networks):
        networks.insert(0, (ssid, ssid))
    parts = [
        "<h1>Set up your box</h1>",
        _failures(page, problems),
        '<form method="post" action="/" accept-charset="utf-8" autocomplete="off">',
        f'<input type="hidden" name="token" value="{escape(token)}">',
        _field("name", "Name of the box", "For example Kitchen", at, _input("name", values, "maxlength=40")),
        _field(
            "ssid", "Wi-Fi network", "", at, _select("ssid", networks, ssid, "Choose one, or type it below")
        ),
        _field(
            "other_ssid",
            "Wi-Fi network that is not in the list",
            "Exactly as it is written, with capitals",
            {},
            _input("other_ssid", values, "maxlength=32"),
        ),
        _field(
            "password",
            "Wi-Fi password",
            "Leave it empty for an open network, or to keep the one set before",
            at,
            _input("password", {}, "type=password maxlength=64"),
        ),
        _field(
            "country",
            "Country",
            "Two letters, such as DE; Wi-Fi may use other channels elsewhere",
            at,
            _input("country", values, "maxlength=2 size=2"),
        ),
        _field(
            "timezone",
            "Time zone",
            "",
            at,
            _select(
                "timezone", [(zone, zone.replace("_", " ")) for zone in page.zones], values.get("timezone")
            ),
        ),
        _field("language", "Language", "", at, _select("language", [("en", "English")], "en")),
        _field(
            "wake_word",
            "Word that wakes it",
            "",
            at,
            _select(
                "wake_word",
                [
                    (ANY_WORD, "Any of these"),
                    *((word, word.replace("_", " ").capitalize()) for word in WAKE_WORDS),
                ],
                values.get("wake_word"),
                None if page.values.get("wake_word") else "The words set before",
            ),
        ),
        _field(
            "ssh_key",
            "Public SSH key",
            "Only if you want to log in to the box; most people leave it empty",
            at,
            '<textarea id="ssh_key" name="ssh_key" rows="3" maxlength="4000" '
            'aria-describedby="ssh_key-hint">'
            f"{escape(values.get('ssh_key', ''))}</textarea>",
        ),
        '<button type="submit">Save and connect</button></form>',
    ]
    return _document("Set up your box", "".join(parts))


def thanks_page(ssid: str) -> str:
    """What comes after a good form."""
    joins = f"It now joins the network <b>{escape(ssid)}</b>. " if ssid else ""
    return _document(
        "Saved",
        f"<h1>Saved</h1><p>{joins}This network goes away now; take your phone back to your own.</p>"
        "<p>The box says its address when it is connected. If it cannot connect, its own network comes back "
        "within two minutes, and this page says why.</p>",
    )


def plain_page(title: str, text: str) -> str:
    """One sentence."""
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


def _select(
    name: str, options: Sequence[tuple[str, str]], chosen: str | None, empty: str | None = None
) -> str:
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
