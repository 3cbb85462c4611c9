"""The values of [hub] in the set-up file: what is good, and in plain words why another is not."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Iterable
from urllib.parse import urlsplit

from services.hubs.kind import HubKind
from services.hubs.kinds import KINDS
from services.provision.checks import Wrong, plain_text, shown

#: The kind of a hub whose devices the box does not control.
OTHER = "other"
NAMES = (*KINDS, OTHER)
#: Addresses that a hub with a name may have: private, unique local, link-local (RFC 1918, 4193, 3927, 4291).
LOCAL = {
    4: ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
    6: ("fc00::/7", "fe80::/10"),
}

#: Characters; a chain of some certificates has about 6000.
_MAX_CERTIFICATE = 16_000
UNUSED_CERTIFICATE = Wrong(
    "has no use",
    "a certificate belongs to an encrypted connection",
    'url = "https://..." or "mqtts://..."',
)


def address(value: object) -> str:
    """An IP address: whoever has it may talk to the box, and anybody on the network can claim a name."""
    text = plain_text(value, 'address = "192.168.1.20"')
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    if _is_name(text):
        raise Wrong(
            "is a name and not an address",
            f"{shown(value)} is a name; the hub is known by its address alone",
            'give its IP address, as in "192.168.1.20"; your router can keep it the same',
        )
    hint = 'only the address, without "http://" and port, as in "192.168.1.20"'
    raise Wrong("is not an address", f"{shown(value)} is not an address", hint)


def _is_name(text: str) -> bool:
    labels = text.lower().removesuffix(".").split(".")
    is_name = all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label) for label in labels)
    return is_name and len(text) <= 253 and not labels[-1].isdigit()


def kind(value: object) -> str:
    """One of `NAMES`."""
    text = re.sub(r"[\s_]+", "-", plain_text(value, 'kind = "home-assistant"').lower())
    if text not in NAMES:
        raise Wrong("is not known", f"{shown(value)} is not known", f"there are: {', '.join(NAMES)}")
    return text


def url(value: object) -> str:
    """Where the devices of the hub are reached; the scheme is looked at together with the kind."""
    text = plain_text(value, 'url = "http://192.168.1.20:8123"', 300)
    forms = [kind.url for kind in KINDS.values()]
    fitting = (form for form in forms if text.startswith(tuple(form.schemes)))
    if problem := next(fitting, forms[0]).problem(text):
        # The URL is not shown, because it may contain a password.
        examples = " or ".join(f'"{form.example}"' for form in forms)
        raise Wrong("is not an address", f"this {problem}", f"as in {examples}")
    return text


def token(value: object) -> str:
    """An access token of the hub."""
    return _secret(value, "the token")


def password(value: object) -> str:
    """Of an MQTT broker."""
    return _secret(value, "the password")


def _secret(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise Wrong(
            "is not between quotation marks",
            f"{what} is not a text (not shown)",
            "put it between quotation marks",
        )
    text = value.strip()
    if not text or not text.isprintable() or len(text) > 1000:
        raise Wrong(
            "cannot be used", f"{what} is empty, too long, or has control characters", "copy it again"
        )
    return text


def user(value: object) -> str:
    """Of an MQTT broker."""
    return plain_text(value, 'user = "sotto"', 100)


def area(value: object) -> str:
    """The name of a room."""
    return plain_text(value, 'area = "Kitchen"', 60)


def certificate(value: object) -> str:
    """What an encrypted hub shows, or of who signed that: one or more certificates in PEM form."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        if len(text) > _MAX_CERTIFICATE:
            raise ValueError("too long")
        if not text.isascii():
            raise ValueError("it has other characters than plain Latin ones")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise Wrong(
            "cannot be used",
            f"this is no certificate in PEM form ({error})",
            'between """ and """, all lines from -----BEGIN CERTIFICATE----- on',
        ) from error
    return text


def is_encrypted(url: str | None) -> bool:
    """Whether the hub shows a certificate there."""
    return url is not None and any(
        scheme == urlsplit(url).scheme and known.tls
        for kind in KINDS.values()
        for scheme, known in kind.url.schemes.items()
    )


def has_secret(kind: HubKind, token: str | None, password: str | None) -> bool:
    """Whether a connection to this kind of hub can be made with these."""
    return not kind.secret.why or bool({"token": token, "password": password}[kind.secret.key])


def lacking(
    kind: str | None,
    address: str | None,
    url: str | None,
    token: str | None,
    user: str | None,
    password: str | None,
) -> tuple[str, Wrong] | None:
    """The key at which values that are valid one by one do not fit together, and why; None if they fit."""
    known = KINDS.get(kind or "")
    if url is not None and known is None:
        return "hub.kind", Wrong(
            "is missing", "there is a url, but no kind that would use it", _set_kind(KINDS.values())
        )
    if url is not None and known is not None and urlsplit(url).scheme not in known.url.schemes:
        schemes = known.url.beginnings
        return "hub.url", Wrong(
            "does not fit the kind", f"{kind} begins with {schemes}", f"as in {schemes}..."
        )
    if url is not None and not _is_near(url):
        return "hub.url", Wrong(
            "is outside of your network",
            "the box talks to hubs on its own network alone",
            "use its local address",
        )
    with_token = [each for each in KINDS.values() if each.secret.key == "token"]
    if token is not None and known not in with_token:
        return "hub.kind", Wrong(
            "does not fit the token", f"only {_nouns(with_token)} has a token", _set_kind(with_token)
        )
    with_user = [each for each in KINDS.values() if each.secret.key == "password"]
    if (user or password) and known not in with_user and token is None:
        return "hub.kind", Wrong(
            "does not fit the user", f"only {_nouns(with_user)} has a user", _set_kind(with_user)
        )
    if password and not user:
        return "hub.user", Wrong("is missing", "there is a password, but no user", 'user = "sotto"')
    if known is not None and has_secret(known, token, password) and url is None and address is None:
        return "hub.url", Wrong("is missing", "nothing tells where the hub is", 'address = "192.168.1.20"')
    if known is not None and url is not None and not has_secret(known, token, password):
        return f"hub.{known.secret.key}", Wrong("is missing", known.secret.why, known.secret.hint)
    return None


def _nouns(kinds: Iterable[HubKind]) -> str:
    return " or ".join(kind.noun for kind in kinds)


def _set_kind(kinds: Iterable[HubKind]) -> str:
    return "kind = " + " or ".join(f'"{kind.name}"' for kind in kinds)


def _is_near(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        plain = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True  # a name, which the firewall holds to the local network
    return any(plain in ipaddress.ip_network(net) for net in LOCAL[plain.version])
