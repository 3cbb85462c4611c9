"""What is known of one key of the set-up file; `services.provision.keys` is the table of all keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Gives the tidied value, or raises `checks.Wrong`.
Check = Callable[[object], Any]

#: The default of a key without which nothing holds.
NOTHING = "none"
_KEY = "key of the set-up file"


@dataclass(frozen=True)
class FormField:
    """How the set-up page asks for a key.

    Attributes:
        label: the name of the field.
        hint: one line below the label; "" for none.
        order: place on the page; fields of the same order stand in the order of the table.
        attributes: of the HTML input, such as "maxlength=40".
        choices: (value, text) of each choice where the field is a list; empty for a text field.
        name: of the field in the form; "" for the key's own.
        prefilled: whether the page shows the present value; False for secrets and long texts.
    """

    label: str
    hint: str = ""
    order: int = 100
    attributes: str = ""
    choices: Sequence[tuple[str, str]] = ()
    name: str = ""
    prefilled: bool = True


@dataclass(frozen=True)
class Key:
    """One key, or one section, of the set-up file.

    Attributes:
        spoken: how it is called aloud: "the Wi-Fi password".
        check: gives the tidied value; None for a section.
        example: its value in the example file, as TOML.
        help: what it is; for the example file and the documents.
        default: what holds without it, `NOTHING` if nothing does; for the example file and the documents.
        set_in_example: whether the example file sets it; otherwise its line is a comment there.
        also: what owners write instead of its name.
        form: how the set-up page asks for it; None if it does not.
    """

    spoken: str
    check: Check | None = None
    example: str = ""
    help: str = ""
    default: str = NOTHING
    set_in_example: bool = False
    also: tuple[str, ...] = ()
    form: FormField | None = None


def key(check: Check, spoken: str, *, secret: bool = False, **known: Any) -> Any:
    """A dataclass field, None by default, that is a key of the file.

    Args:
        check: see `Key`.
        spoken: see `Key`.
        secret: the value is never shown.
        known: the other attributes of `Key`.
    """
    return dataclasses.field(
        default=None, repr=not secret, metadata={_KEY: Key(spoken=spoken, check=check, **known)}
    )


def section(spoken: str, *, also: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """Metadata of a dataclass field that is a section of the file: its keys are the fields of its default."""
    return {_KEY: Key(spoken=spoken, also=also)}


def keys_in(cls: type[Any]) -> Iterator[tuple[str, Key, type[Any] | None]]:
    """Name, key and, for a section, class of each field of a table class."""
    for each in dataclasses.fields(cls):
        cls_of_section = each.default_factory if isinstance(each.default_factory, type) else None
        yield each.name, each.metadata[_KEY], cls_of_section
