"""A key of sotto.toml is one field of the key table, and the place that applies it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extending.catalogued import EXAMPLE, IMAGE_PAGE, Copy, copy_with_models
from tests.extending.copied import differences

_TABLE, _APPLY = "services/provision/keys.py", "services/provision/apply.py"
_SPEAKER = "    speaker: str | None = key(\n"
_CARD = """\
    card: str | None = key(
        checks.sound_device,
        "the sound card",
        example='"Codec"',
        help="A part of the card's name.",
        default="any card",
        also=("soundcard",),
        form=FormField("Sound card", "Only if there are several"),
    )
"""
_NAMES = '    names = (("microphone", setup.sound.microphone), ("speaker", setup.sound.speaker))\n'
_MORE_NAMES = _NAMES.replace("))\n", '), ("card", setup.sound.card))\n')
_USE = """
import os
from pathlib import Path
from common.files import Owner
from services.provision.apply import Device, apply
from services.provision.config import read
from services.provision.page import Page, setup_from
from services.provision.places import Places
report = read(b'[sound]\\ncard = "USB"')
assert not report.problems
places = Places(Path({root!r}))
apply(report.setup, places, Device(lambda command: True, Owner(os.getuid(), os.getgid())))
print((places.config / "sound.toml").read_text())
print(setup_from(Page("10.42.0.1"), {{"card": "HDMI"}})[0].sound.card)
print(read(b'[sound]\\nsoundcard = "USB"').problems[0].hint)
print(read(b'[sound]\\ncard = 5').problems[0].spoken)
"""


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    copy = copy_with_models(tmp_path)
    for path, before, after in ((_TABLE, _SPEAKER, _CARD + _SPEAKER), (_APPLY, _NAMES, _MORE_NAMES)):
        text = (copy.root / path).read_text()
        assert text.count(before) == 1
        (copy.root / path).write_text(text.replace(before, after))
    assert differences(copy.root) == {_TABLE, _APPLY}
    return copy


def test_it_is_checked_and_applied_and_the_page_takes_it(copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "box/var/lib").mkdir(parents=True)
    printed = copy.run(_USE.format(root=str(tmp_path / "box"))).splitlines()
    assert 'card = "USB"' in printed
    assert printed[-3:] == ["HDMI", "did you mean card?", "the sound card is not a text"]


def test_the_page_asks_for_it(copy: Copy) -> None:
    page = copy.look()["page"]
    assert '<label for="card">Sound card<span class="hint" id="card-hint">Only if there are several' in page
    assert '<input id="card" name="card"' in page


def test_the_documents_and_the_example_name_it(copy: Copy) -> None:
    documents = copy.make_docs()
    assert "| `[sound] card` | A part of the card's name. | any card |" in documents
    assert '# A part of the card\'s name. Without this line: any card.\n#card = "Codec"\n' in documents
    assert differences(copy.root) == {_TABLE, _APPLY, IMAGE_PAGE, EXAMPLE}
