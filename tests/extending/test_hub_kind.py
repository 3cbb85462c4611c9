"""A kind of hub is one package in services/hubs and one line in its table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extending.copied import copy_tree, differences, python

_KIND = '''"""A hub for a test, whose devices stand in no network at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from services.hubs.kind import HubKind, Secret
from services.hubs.settings import ConnectorSettings
from services.hubs.url import Scheme, UrlForm


@dataclass(frozen=True)
class ToySettings(ConnectorSettings):
    """Adds a key of its own."""

    url_form: ClassVar[UrlForm] = UrlForm({"toy": Scheme(4711, False)}, "toy://{host}")
    lamp: str = "Lamp"


def _connect(settings, token, board):
    from services.hubs.toy.driver import ToyHub

    return ToyHub(settings, token, board)


TOY = HubKind(
    name="toy",
    title="Toy Hub",
    noun="a toy hub",
    secret=Secret("token", why="a toy hub asks for a token", hint="look under the toy"),
    settings=ToySettings,
    connect=_connect,
)
'''
_DRIVER = '''"""The driver of the toy hub."""

import asyncio

from assistant.home.imported import Imported
from assistant.home.model import Device, Home


class ToyHub:
    """Has one lamp, named in the settings."""

    def __init__(self, settings, token, board):
        self._lamp, self._token, self._board = settings.lamp, token, board

    async def run(self):
        lamp = Device(id="lamp", name=f"{self._lamp} of {self._token}", domain="light")
        self._board.describe(Imported(Home(devices=(lamp,))))
        self._board.link(True)
        await asyncio.Event().wait()

    async def act(self, action):
        pass
'''
_TABLE = "(HOME_ASSISTANT, MQTT)"
_IMPORT = "from services.hubs.mqtt.kind import MQTT\n"

_CONNECT = """
import asyncio, contextlib
from pathlib import Path
from services.connectord.main import make_hub
from services.hubs.board import Board
from services.hubs.load import load_connector_settings

async def main():
    board = Board()
    settings = load_connector_settings(Path("connector.toml"))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(make_hub(settings, board).run(), 0.2)
    print([device.name for device in board.home.devices], settings.port)

asyncio.run(main())
"""
_PROVISION = """
from services.provision.config import read
from services.provision.hub import hub_url
text = b'[hub]\\naddress = "10.0.0.2"\\nkind = "toy"\\n'
with_token = read(text + b'token = "abc"\\n')
print(with_token.problems, hub_url(with_token.setup.hub))
print(read(text + b'url = "toy://10.0.0.2"\\n').problems[0].message)
print(read(b'[hub]\\nkind = "alexa"\\n').problems[0].hint)
"""
_EARLY = """
import sys
import services.provision.main
print(sorted({"paho", "websockets", "grpc"} & set(sys.modules)))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    copy = copy_tree(tmp_path / "tree")
    room = copy / "services/hubs/toy"
    room.mkdir()
    (room / "__init__.py").write_text('"""A toy hub."""\n')
    (room / "kind.py").write_text(_KIND)
    (room / "driver.py").write_text(_DRIVER)
    table = copy / "services/hubs/kinds.py"
    text = table.read_text()
    assert _TABLE in text and _IMPORT in text
    line = "from services.hubs.toy.kind import TOY\n"
    table.write_text(text.replace(_IMPORT, _IMPORT + line).replace(_TABLE, "(HOME_ASSISTANT, MQTT, TOY)"))
    room_files = {f"services/hubs/toy/{name}.py" for name in ("__init__", "kind", "driver")}
    assert differences(copy) == room_files | {"services/hubs/kinds.py"}
    return copy


def test_the_connector_connects_with_the_kind_s_own_settings(tree: Path) -> None:
    (tree / "connector.toml").write_text(
        'kind = "toy"\nurl = "toy://10.0.0.2"\nlamp = "Desk"\nsecret_file = "secret"\n'
    )
    (tree / "secret").write_text("abc\n")
    (tree / "secret").chmod(0o600)
    assert python(tree, "-c", _CONNECT) == "['Desk of abc'] 4711\n"


def test_the_set_up_file_takes_it_and_knows_what_it_needs(tree: Path) -> None:
    taken, without_token, known = python(tree, "-c", _PROVISION).splitlines()
    assert taken == "() toy://10.0.0.2"
    assert without_token == "hub.token: a toy hub asks for a token"
    assert "home-assistant, mqtt, toy, other" in known


def test_the_command_line_names_it(tree: Path) -> None:
    code = (
        "from services.cli.home import status_lines\n"
        "from services.proto.sotto.v1 import assistant_pb2 as pb\n"
        "print(status_lines(pb.HomeStatusResponse(source='hub', kind='toy', address='10.0.0.2:4711'))[0])"
    )
    assert "Toy Hub at 10.0.0.2:4711" in python(tree, "-c", code)


def test_the_set_up_loads_no_network_library_of_a_hub(tree: Path) -> None:
    assert python(tree, "-c", _EARLY) == "[]\n"
