"""Between the recipe of a grammar and its message of the wire contract."""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.home.limits import MAX_ALIASES, MAX_AREAS, MAX_DEVICES, MAX_NAME
from assistant.understanding.names import AreaName, DeviceName, HomeNames
from assistant.understanding.recipe import GrammarRecipe
from common.errors import InvalidInput, TooLarge
from services.proto.sotto.v1 import recogniser_pb2 as pb

#: Ways to say one device: its name and aliases, and its short name with those of its area before it.
_MAX_SPOKEN = 1 + 2 * MAX_ALIASES
#: A name with the name of an area before it.
_MAX_SPOKEN_CHARS = 2 * MAX_NAME + 1
#: What a name stands for; in an answer, the numbers of all choices of that name.
_MAX_VALUE = 500
_MAX_WORD, _MAX_CLASSES, _MAX_INTENTS, _MAX_KEY = 100, 20, 500, 100
_LETTER = re.compile(r"[^\W_]")


def recipe_to_wire(recipe: GrammarRecipe) -> pb.GrammarRecipe:
    """A recipe as a message."""
    return pb.GrammarRecipe(
        key=recipe.key,
        language=recipe.language,
        builtin=recipe.builtin,
        supported=recipe.supported,
        names=names_to_wire(recipe.names),
        files=recipe.files,
        plugins=recipe.plugins,
    )


def recipe_from_wire(message: pb.GrammarRecipe) -> GrammarRecipe:
    """A message of another machine as a recipe; its sentence files are checked when it is followed.

    Raises:
        InvalidInput, TooLarge: the names of the home are none, or too many.
    """
    if len(message.supported) > _MAX_INTENTS:
        raise _too_many()
    return GrammarRecipe(
        message.key[:_MAX_KEY],
        message.language[:_MAX_KEY],
        message.builtin,
        tuple(name[:_MAX_KEY] for name in message.supported),
        names_from_wire(message.names),
        tuple(message.files),
        tuple(message.plugins),
    )


def names_to_wire(names: HomeNames) -> pb.HomeNames:
    """The names of a home as a message."""
    return pb.HomeNames(
        devices=[
            pb.DeviceNames(
                value=device.value,
                spoken=device.spoken,
                domain=device.domain,
                area=device.area or "",
                kinds=sorted(device.kinds),
                asked_as=sorted(device.asked_as),
                short=device.short,
                shared=device.shared,
            )
            for device in names.devices
        ],
        areas=map(_place_to_wire, names.areas),
        floors=map(_place_to_wire, names.floors),
        here=names.here or "",
    )


def names_from_wire(message: pb.HomeNames) -> HomeNames:
    """A message as the names of a home.

    Raises:
        InvalidInput: one of them is none.
        TooLarge: there are too many.
    """
    if len(message.devices) > MAX_DEVICES or max(len(message.areas), len(message.floors)) > MAX_AREAS:
        raise _too_many()
    try:
        return HomeNames(
            tuple(map(_device, message.devices)),
            tuple(map(_place, message.areas)),
            tuple(map(_place, message.floors)),
            _speakable(message.here) or None,
        )
    except ValueError as error:
        raise InvalidInput(
            f"a name of the home cannot be used: {error}",
            hint="see the wire contract",
            code="recognise.names",
        ) from None


def _place_to_wire(place: AreaName) -> pb.PlaceNames:
    return pb.PlaceNames(value=place.value, spoken=place.spoken, floor=place.floor or "")


def _device(message: pb.DeviceNames) -> DeviceName:
    if len(message.kinds) > _MAX_CLASSES or len(message.asked_as) > _MAX_CLASSES:
        raise _too_many()
    return DeviceName(
        value=_speakable(message.value, _MAX_VALUE),
        spoken=_spoken(message.spoken),
        domain=_word(message.domain),
        area=_speakable(message.area) or None,
        kinds=frozenset(map(_word, message.kinds)),
        asked_as=frozenset(map(_word, message.asked_as)),
        short=_speakable(message.short),
        shared=message.shared,
    )


def _place(message: pb.PlaceNames) -> AreaName:
    return AreaName(
        _speakable(message.value, _MAX_VALUE), _spoken(message.spoken), _speakable(message.floor) or None
    )


def _spoken(names: Iterable[str]) -> tuple[str, ...]:
    found = tuple(names)
    if len(found) > _MAX_SPOKEN:
        raise _too_many()
    return tuple(map(_speakable, found))


def _speakable(text: str, most: int = _MAX_SPOKEN_CHARS) -> str:
    """A name as it is; "" for none.

    Raises:
        ValueError: it cannot be spoken.
    """
    if len(text) > most:
        raise ValueError(f"one of {len(text)} characters")
    if text and not (text.isprintable() and _LETTER.search(text)):
        raise ValueError(f"{text!r}")
    return text


def _word(text: str) -> str:
    if len(text) > _MAX_WORD or not text.isprintable():
        raise ValueError("a kind of device that is none")
    return text


def _too_many() -> TooLarge:
    return TooLarge(
        "the names of the home are above a limit",
        hint=f"{MAX_DEVICES} devices, {MAX_AREAS} areas, {MAX_ALIASES} aliases of each",
        code="recognise.names",
    )
