"""Names with letters that a recogniser of English does not write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.assistant.skills.conftest import Box
from tests.assistant.skills.homes import box_of, device, planned, rooms, targets

#: Name of a light, and how it may be written.
_NAMES = {
    "Küche": ("kuche", "kueche", "küche", "KÜCHE", "ku\u0308che"),
    "Straße": ("strasse", "straße"),
    "Łazienka": ("lazienka", "łazienka"),
    "Žaluzie": ("zaluzie",),
    "Café Ecke": ("cafe ecke", "café ecke"),
    "Garçon": ("garcon",),
    "Ångström": ("angstrom", "angstroem", "aangstroem"),
    "Brønd": ("brond", "broend"),
    "Læsehjørne": ("laesehjorne", "laesehjoerne"),
    "Niño": ("nino",),
    "I\u015f\u0131k": ("isik",),
    "Đèn": ("den",),
    "Кухня": ("kukhnya",),
    "Σαλόνι": ("saloni",),
    "Creme Brulee": ("crème brûlée", "creme brulee"),
}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Box:
    lights = [
        device(name, "light", "büro", f'id = "l{number}"\nfeatures = ["brightness"]')
        for number, name in enumerate(_NAMES)
    ]
    return box_of(tmp_path_factory.mktemp("spelled"), "büro", rooms("Büro", "Attic"), *lights)


@pytest.mark.parametrize(("name", "written"), [(name, way) for name, ways in _NAMES.items() for way in ways])
def test_a_name_is_found_however_it_is_written(box: Box, name: str, written: str) -> None:
    assert planned(box, f"turn on the {written}").text == f"Turned on the {name}."


@pytest.mark.parametrize("written", ["büro", "buro", "buero", "Büro"])
def test_a_room_is_found_too(box: Box, written: str) -> None:
    assert targets(box, f"dim the lights in the {written}") == {f"l{n}" for n in range(len(_NAMES))}


def test_the_recogniser_may_write_it_so(box: Box) -> None:
    automaton = box.grammar.automaton
    for written in ("kuche", "kueche", "küche"):
        assert automaton.accepts(automaton.walk(f"turn on the {written}"))
        assert written in box.grammar.words


def test_the_exact_spelling_comes_first(tmp_path: Path) -> None:
    lights = [
        device(name, "light", "hall", f'id = "{id_}"') for name, id_ in (("Küche", "u"), ("Kuche", "p"))
    ]
    box = box_of(tmp_path, "hall", rooms("Hall"), *lights)
    written = {way: targets(box, f"turn on the {way}") for way in ("küche", "kuche", "kueche")}
    assert written == {"küche": {"u"}, "kuche": {"p"}, "kueche": {"u"}}
