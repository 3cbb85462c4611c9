"""`/metrics`: what all daemons count, as one text."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from services.gatewayd.app import build_app, guarded
from services.gatewayd.endpoints.metrics import usable
from services.gatewayd.main import put_together
from services.proto.sotto.v1 import metrics_pb2 as pb
from services.settings.gateway import GatewaySettings
from services.wire.metrics import DAEMONS

_Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def _parsed(text: str) -> _Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _up(samples: _Samples) -> dict[str, float]:
    return {labels[0][1]: value for (name, labels), value in samples.items() if name == "sotto_daemon_up"}


def test_the_assistant_is_part_of_it(talker: httpx.Client) -> None:
    assert talker.post("/v1/query", json={"query": "what time is it"}).status_code == 200
    answer = talker.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = _parsed(answer.text)
    others = dict.fromkeys(("connectord", "remoted", "updated", "powerd"), 0.0)
    assert _up(samples) == {"assistantd": 1.0, **others}
    asked = (("daemon", "assistantd"), ("outcome", "accepted"), ("source", "ask"))
    assert samples["sotto_turns_total", asked] >= 1.0
    # Each process has its own memory.
    theirs = samples["process_resident_memory_bytes", (("daemon", "assistantd"),)]
    assert theirs > samples["process_resident_memory_bytes", ()] > 0


def test_who_has_no_token_is_counted(talker: httpx.Client) -> None:
    key = ("sotto_callers_refused_total", (("code", "access.token"),))
    before = _parsed(talker.get("/metrics").text).get(key, 0.0)
    refused = talker.get("/v1/turns", headers={"Authorization": "Bearer sotto_wrong"})
    assert refused.status_code == 401
    assert _parsed(talker.get("/metrics").text)[key] == before + 1


def _scrape(state: Path, socket: Path) -> httpx.Response:
    async def run() -> httpx.Response:
        gateway = put_together(GatewaySettings(host="127.0.0.1"), state, socket)
        app = guarded(build_app(gateway), gateway, local=True)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://box") as client:
            answer = await client.get("/metrics")
        await gateway.upstream.close()
        return answer

    return asyncio.run(run())


def test_without_an_assistant_it_is_the_gateways_alone(tmp_path: Path) -> None:
    answer = _scrape(tmp_path, tmp_path / "nobody.sock")
    samples = _parsed(answer.text)
    assert answer.status_code == 200
    assert _up(samples) == dict.fromkeys(DAEMONS, 0.0)
    assert samples["sotto_assistant_up", ()] == 0.0
    assert not any(
        ("daemon", "assistantd") in labels for name, labels in samples if name != "sotto_daemon_up"
    )


def test_what_cannot_be_used_is_left_out() -> None:
    sample = pb.MetricSample(value=9)
    broken = pb.MetricFamily(name="a\nsotto_daemon_up 9", kind="gauge", samples=[sample])
    own = pb.MetricFamily(name="sotto_assistant_up", kind="gauge", samples=[sample])
    gathered = usable(
        [
            pb.DaemonMetrics(daemon="assistantd", up=True, families=[own]),
            pb.DaemonMetrics(daemon="updated", up=True, families=[broken]),
        ]
    )
    assert [(family.name, family.samples[0].labels) for family in gathered] == [
        ("sotto_assistant_up", (("daemon", "assistantd"),))
    ]
