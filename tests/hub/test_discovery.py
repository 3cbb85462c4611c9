"""Home Assistant finds the box by itself, in network namespaces of our own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.hub.home_assistant import HASS
from tests.services.conftest import free_port
from tests.services.gatewayd.namespaces import HUB, gateway_inside, inside, two_namespaces

pytestmark = [pytest.mark.hub, pytest.mark.timeout(300)]
_LIMIT_S = 280


@pytest.fixture
def neighbour(tmp_path: Path) -> Iterator[str]:
    """The namespace beside that of a gateway which is paired with who lives there."""
    if not HASS.exists():
        pytest.skip("Home Assistant is not installed: `make test-hub` needs Python 3.13")
    with two_namespaces() as (box_side, hub_side), gateway_inside(box_side, tmp_path) as (box, _):
        box.run("hubs", "add", HUB)
        yield hub_side


def test_services_and_room_are_found_and_need_no_address(neighbour: str, tmp_path: Path) -> None:
    look = [sys.executable, "-m", "tests.hub.look_around", str(tmp_path / "hass"), str(free_port())]
    done = subprocess.run(
        inside(neighbour, *look),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [entry["type"] for entry in told["made"]] == ["create_entry", "create_entry"]
    assert (len(told["satellites"]), told["recognisers"]) == (1, ["stt.sotto"])
