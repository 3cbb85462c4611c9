"""A REST endpoint is one file: its route, the check of its scope and its description come by themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.extending.copied import copy_tree, differences, python

_ENDPOINT = '''
"""Greets."""

from starlette.responses import Response

from services.gatewayd.endpoint import Call, Endpoint, message_answer
from services.gatewayd.tokens import Scope
from services.proto.sotto.v1 import gateway_pb2 as gw


async def greet(call: Call[gw.Hub]) -> Response:
    """Say who asked."""
    return message_answer(gw.Health(status="ok", text=call.body.address))


ENDPOINTS = (
    Endpoint("POST", "/v1/greet", greet, "A greeting", scope=Scope.CONTROL, takes=gw.Hub, gives=gw.Health),
)
'''
_CALLS = """
import asyncio, json, pathlib, sys
import httpx
from services.gatewayd.app import build_app, guarded
from services.gatewayd.main import put_together
from services.settings.gateway import GatewaySettings

async def run():
    state = pathlib.Path(sys.argv[1])
    gateway = put_together(GatewaySettings(), state, state / "no.sock")
    app = guarded(build_app(gateway), gateway)
    tokens = {scope: gateway.tokens.issue(scope, [scope], 0.0)[0] for scope in ("talk", "control")}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        async def greet(**headers):
            answer = await client.post("/v1/greet", json={"address": "hello"}, headers=headers)
            return answer.status_code, answer.json()
        told = {scope: await greet(Authorization=f"Bearer {token}") for scope, token in tokens.items()}
        told["nobody"] = await greet()
        told["described"] = (await client.get("/openapi.json")).json()["paths"]["/v1/greet"]["post"]
        told["page"] = "/v1/greet" in (await client.get("/docs")).text
    print(json.dumps(told))

asyncio.run(run())
"""


def test_one_file_is_an_endpoint(tmp_path: Path) -> None:
    tree = copy_tree(tmp_path / "tree")
    (tree / "services/gatewayd/endpoints/greet.py").write_text(_ENDPOINT.lstrip())
    assert differences(tree) == {"services/gatewayd/endpoints/greet.py"}
    state = tmp_path / "state"
    state.mkdir()
    told = json.loads(python(tree, "-c", _CALLS, str(state)))
    assert told["control"] == [200, {"status": "ok", "text": "hello"}]
    assert (told["talk"][0], told["talk"][1]["code"]) == (403, "access.scope")
    assert (told["nobody"][0], told["nobody"][1]["code"]) == (401, "access.no-token")
    assert told["described"]["summary"] == "A greeting"
    assert told["described"]["description"] == "Scope: control."
    body = told["described"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Hub"}
    assert told["page"]


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ('"""Nothing."""\n', "ENDPOINTS"),
        ("from services.gatewayd.endpoints.health import ENDPOINTS as ENDPOINTS\n", "GET /v1/health"),
    ],
)
def test_a_module_that_cannot_be_used_is_named(tmp_path: Path, source: str, word: str) -> None:
    tree = copy_tree(tmp_path / "tree")
    (tree / "services/gatewayd/endpoints/hello.py").write_text(source)
    told = python(
        tree,
        "-c",
        "from common.errors import SottoError\n"
        "try:\n    import services.gatewayd.app\nexcept SottoError as error:\n    print(error)\n",
    )
    assert "services.gatewayd.endpoints.hello" in told
    assert word in told
