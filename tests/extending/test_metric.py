"""A metric is one file, the one where it is counted: it appears in /metrics by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extending.copied import copy_tree, differences, python

_DECLARED = """
from common.metrics import Counter as _Counter

_STEPS = _Counter("sotto_test_steps_total", "Steps of the test", ("way",))
_STEPS.inc("up")
"""
_SCRAPE = """
import asyncio, pathlib, sys
import httpx
from services.gatewayd.app import build_app, guarded
from services.gatewayd.main import put_together
from services.settings.gateway import GatewaySettings

async def run():
    state = pathlib.Path(sys.argv[1])
    gateway = put_together(GatewaySettings(), state, state / "no.sock")
    app = guarded(build_app(gateway), gateway, local=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://box") as client:
        print((await client.get("/metrics")).text)

asyncio.run(run())
"""
_READ = """
import services.{daemon}.main
from common.metrics import REGISTRY
from services.wire.metrics import metrics_to_wire
print([family.name for family in metrics_to_wire("{daemon}", REGISTRY.families()).families])
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return copy_tree(tmp_path / "tree")


def _declare(tree: Path, file: str) -> None:
    with (tree / file).open("a") as module:
        module.write(_DECLARED)
    assert differences(tree) == {file}


def test_one_file_is_a_metric_of_the_gateway(tree: Path) -> None:
    _declare(tree, "services/gatewayd/pairing.py")
    text = python(tree, "-c", _SCRAPE, str(tree.parent / "state"))
    assert "# TYPE sotto_test_steps_total counter\n" in text
    assert 'sotto_test_steps_total{way="up"} 1.0\n' in text


def test_one_file_is_a_metric_of_the_assistant(tree: Path) -> None:
    _declare(tree, "assistant/skills/timekeeping.py")
    assert "sotto_test_steps_total" in python(tree, "-c", _READ.format(daemon="assistantd"))


def test_one_file_is_a_metric_of_a_daemon_that_reports(tree: Path) -> None:
    _declare(tree, "services/connectord/uplink.py")
    assert "sotto_test_steps_total" in python(tree, "-c", _READ.format(daemon="connectord"))
