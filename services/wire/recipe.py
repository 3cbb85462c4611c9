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
_MAX_WORD, _MAX_CLASSES, _MAX_INTENTS, _MAX_KEY = 100, 20, 500, 100
_LETTER = re.compile(r"[^\W_]")


def recipe_to_wire(recipe: GrammarRecipe) -> pb.GrammarRecipe:
    """A recipe as a message."""
    names = recipe.names
    return pb.GrammarRecipe(
        key=recipe.key,
        language=recipe.language,
        builtin=recipe.builtin,
        supported=recipe.supported,
        files=recipe.files,
        plugins=recipe.plugins,
        names=pb.HomeNames(
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
        ),
    )


def _place_to_wire(place: AreaName) -> pb.PlaceNames:
    return pb.PlaceNames(value=place.value, spoken=place.spoken, floor=place.floor or "")


def recipe_from_wire(message: pb.GrammarRecipe) -> GrammarRecipe:
    """A message of another machine as a recipe; its sentence files are checked when it is followed.

    Raises:
        InvalidInput, TooLarge: the names of the home are none, or too many.
    """
    names = message.names
    if len(message.supported) > _MAX_INTENTS or len(names.devices) > MAX_DEVICES:
        raise _too_many()
    if max(len(names.areas), len(names.floors)) > MAX_AREAS:
        raise _too_many()
    try:
        home = HomeNames(
            tuple(map(_device, names.devices)),
            tuple(map(_place, names.areas)),
            tuple(map(_place, names.floors)),
            _speakable(names.here) or None,
        )
    except ValueError as error:
        raise InvalidInput(
            f"a name of the home cannot be used: {error}",
            hint="see the wire contract",
            code="recognise.names",
        ) from None
    return GrammarRecipe(
        message.key[:_MAX_KEY],
        message.language[:_MAX_KEY],
        message.builtin,
        tuple(name[:_MAX_KEY] for name in message.supported),
        home,
        tuple(message.files),
        tuple(message.plugins),
    )


def _device(message: pb.DeviceNames) -> DeviceName:
    if len(message.kinds) > _MAX_CLASSES or len(message.asked_as) > _MAX_CLASSES:
        raise _too_many()
    return DeviceName(
        value=_speakable(message.value),
        spoken=_spoken(message.spoken),
        domain=_word(message.domain),
        area=_speakable(message.area) or None,
        kinds=frozenset(map(_word, message.kinds)),
        asked_as=frozenset(map(_word, message.asked_as)),
        short=_speakable(message.short),
        shared=message.shared,
    )


def _place(message: pb.PlaceNames) -> AreaName:
    return AreaName(_speakable(message.value), _spoken(message.spoken), _speakable(message.floor) or None)


def _spoken(names: Iterable[str]) -> tuple[str, ...]:
    found = tuple(names)
    if len(found) > _MAX_SPOKEN:
        raise _too_many()
    return tuple(map(_speakable, found))


def _speakable(text: str) -> str:
    """A name as it is; "" for none.

    Raises:
        ValueError: it cannot be spoken.
    """
    if len(text) > _MAX_SPOKEN_CHARS:
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
