"""A home, and the grammars that the tests of understanding share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.understanding.grammar import Grammar
from assistant.understanding.names import AreaName, DeviceName, HomeNames
from assistant.understanding.sentences import build_grammar

_INTENTS = """
    TurnOn TurnOff Toggle LightSet GetState SetPosition ClimateSetTemperature ClimateGetTemperature
    StartTimer CancelTimer CancelAllTimers IncreaseTimer DecreaseTimer PauseTimer UnpauseTimer
    TimerStatus Nevermind GetCurrentTime GetCurrentDate SetVolume SetVolumeRelative
"""
#: Those of the tests' own sentences.
_OWN_INTENTS = {"Go", "SottoStop", "SottoYes", "RemindMe", "Espresso"}
SUPPORTED = frozenset(f"Hass{name}" for name in _INTENTS.split()) | _OWN_INTENTS

_DEVICES = {
    "light": "kitchen light|living room light|ceiling light|bedside lamp|floor lamp|desk lamp|"
    "reading light|porch light|hall lights|lamp one",
    "switch": "coffee machine|router|printer",
    "cover": "left blinds|right blinds|garage door|curtain",
    "lock": "front door|back door",
    "fan": "ceiling fan",
    "climate": "thermostat|radiator",
    "media_player": "television|speaker",
    "sensor": "outdoor temperature",
}
_AREAS = "kitchen|living room|bedroom|bathroom|hallway|office|garage|garden"

OWN = """
language: en
intents:
  SottoStop:
    data: [{sentences: ["stop", "be quiet", "shut up"]}]
  SottoYes:
    data: [{sentences: ["yes", "(yeah|sure|okay)"]}]
  RemindMe:
    data: [{sentences: ["remind me to {chore}"]}]
  Espresso:
    data: [{sentences: ["[make me] [a|an] {size} (espresso|coffee)"]}]
lists:
  chore: {wildcard: true}
  size: {values: ["eight ounce", "twelve ounce", {in: "(big|large)", out: "L"}]}
"""


def make_home() -> HomeNames:
    """Twenty-five devices in eight areas on two floors."""
    devices = [
        DeviceName(f"{domain}.{name}", (name,), domain, "kitchen" if "kitchen" in name else None)
        for domain, names in _DEVICES.items()
        for name in names.split("|")
    ]
    return HomeNames(
        devices=tuple(devices),
        areas=tuple(AreaName(name, (name,)) for name in _AREAS.split("|")),
        floors=(AreaName("first", ("first floor",)), AreaName("up", ("upstairs",))),
    )


@pytest.fixture(scope="session")
def home() -> HomeNames:
    return make_home()


@pytest.fixture(scope="session")
def grammar(home: HomeNames, tmp_path_factory: pytest.TempPathFactory) -> Grammar:
    """The built-in sentences and a few own ones, without a place for the device."""
    folder = tmp_path_factory.mktemp("sentences")
    (folder / "own.yaml").write_text(OWN)
    return build_grammar("en", True, [folder], home, SUPPORTED)


@pytest.fixture(scope="session")
def kitchen_grammar(home: HomeNames) -> Grammar:
    """The built-in sentences on a device that stands in the kitchen."""
    return build_grammar("en", True, [], home, SUPPORTED, here="kitchen")


@pytest.fixture
def own_grammar(tmp_path: Path) -> Callable[[str], Grammar]:
    """Builds a grammar of nothing but the given YAML."""

    def build(text: str, home: HomeNames | None = None) -> Grammar:
        (tmp_path / "test.yaml").write_text(text)
        return build_grammar("en", False, [tmp_path], home or HomeNames(), None)

    return build
