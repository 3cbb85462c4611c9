"""REST as a program on the network sees it: TLS, tokens, a real assistant behind it."""

from __future__ import annotations

import io
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from assistant.audio.encode import FORMATS
from tests.services.conftest import Box
from tests.services.gatewayd.conftest import Gate


def _error(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["message"]
    return answer.status_code, body["code"]


def test_a_query_streams_lines_that_end_with_the_turn(talker: httpx.Client) -> None:
    with talker.stream("POST", "/v1/query", json={"query": "what day is it"}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["transfer-encoding"] == "chunked"
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert lines[-1]["turn"]["intent"] == "HassGetCurrentDate"
    assert lines[-1]["turn"]["reply"]
    assert all("event" in line for line in lines[:-1]) and len(lines) > 1


def test_a_query_streams_events_when_asked_to(talker: httpx.Client) -> None:
    headers = {"Accept": "text/event-stream"}
    answer = talker.post("/v1/query", json={"query": "what day is it"}, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = answer.text.strip().split("\n\n")
    name, data = blocks[-1].split("\n")
    assert name == "event: turn"
    assert json.loads(data.removeprefix("data: "))["turn"]["accepted"]


def test_a_query_with_audio_brings_it(talker: httpx.Client) -> None:
    body = {"query": "what day is it", "params": {"reply_audio": True}}
    lines = [json.loads(line) for line in talker.post("/v1/query", json=body).text.splitlines()]
    assert any(line.get("audio", {}).get("pcm") for line in lines)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": ""}, "ask.empty"),
        ({"query": "x", "params": {"nonsense": 1}}, "ask.params"),
        ({"quary": "x"}, "body.fields"),
        ({"query": "x" * 2000}, "ask.too-long"),
    ],
)
def test_a_bad_query_is_an_error_with_its_code(
    talker: httpx.Client, body: dict[str, object], code: str
) -> None:
    status, told = _error(talker.post("/v1/query", json=body))
    assert told == code
    assert status in (400, 413)


def test_a_recording_becomes_words(talker: httpx.Client, wav: Callable[..., Path]) -> None:
    answer = talker.post("/v1/transcribe", content=wav("what time is it").read_bytes())
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"].lower().rstrip("?.") == "what time is it"


@pytest.mark.parametrize("query", ["?sample_rate=16000", "?sample_rate=16000&free=true"])
def test_noise_becomes_no_words(talker: httpx.Client, query: str) -> None:
    noise = (np.random.default_rng(2).standard_normal(80_000) * 3000).astype(np.int16)
    answer = talker.post(f"/v1/transcribe{query}", content=noise.tobytes())
    assert (answer.json()["text"], answer.json()["segments"]) == ("", [])


@pytest.mark.parametrize(
    ("content", "query", "code"),
    [
        (b"this is no sound", "", "audio.not-audio"),
        (b"", "", "audio.not-audio"),
        (b"\0\0" * 100, "?sample_rate=100", "audio.rate"),
        (b"\0\0" * 100, "?sample_rate=x", "query.number"),
        (b"\0\0" * 100, "?free=maybe", "query.switch"),
    ],
)
def test_a_bad_recording_is_told_why(talker: httpx.Client, content: bytes, query: str, code: str) -> None:
    assert _error(talker.post(f"/v1/transcribe{query}", content=content)) == (400, code)


@pytest.mark.parametrize("form", FORMATS)
def test_speech_comes_in_every_format(talker: httpx.Client, form: str) -> None:
    with talker.stream("POST", "/v1/synthesize", json={"text": "One moment.", "format": form}) as answer:
        assert answer.status_code == 200
        kind = answer.headers["content-type"]
        data = b"".join(answer.iter_bytes())
    assert kind.startswith("audio/")
    if form == "pcm":
        assert "rate=22050" in kind
        assert len(data) > 22_050
    else:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            assert sound.channels == 1


def test_speech_in_no_known_format_is_refused(talker: httpx.Client) -> None:
    answer = talker.post("/v1/synthesize", json={"text": "hello", "format": "aac"})
    assert _error(answer) == (400, "audio.format")


def test_turns_are_told_newest_first(talker: httpx.Client) -> None:
    for query in ("what day is it", "what time is it"):
        talker.post("/v1/query", json={"query": query})
    turns = talker.get("/v1/turns", params={"limit": 2}).json()["turns"]
    assert [turn["transcript"] for turn in turns] == ["what time is it", "what day is it"]


def test_a_timer_is_started_listed_and_cancelled(talker: httpx.Client) -> None:
    made = talker.post("/v1/timers", json={"length_s": 600, "name": "pizza"})
    assert made.status_code == 201
    timer = made.json()
    assert timer["label"] == "pizza timer"
    listed = talker.get("/v1/timers").json()["timers"]
    assert [(row["id"], row["label"]) for row in listed] == [(timer["id"], "pizza timer")]
    assert 590 < listed[0]["remaining_s"] <= 600
    assert talker.delete(f"/v1/timers/{timer['id']}").status_code == 200
    assert talker.get("/v1/timers").json()["timers"] == []
    assert _error(talker.delete(f"/v1/timers/{timer['id']}")) == (404, "timer.missing")
    assert _error(talker.delete("/v1/timers/abc")) == (404, "timer.missing")


def test_a_timer_of_no_length_is_refused(talker: httpx.Client) -> None:
    assert _error(talker.post("/v1/timers", json={"length_s": 0})) == (400, "timer.length")


def test_where_the_devices_come_from_is_told(talker: httpx.Client) -> None:
    status = talker.get("/v1/home/status").json()
    assert (status["source"], status["kind"]) == ("file", "")
    assert status["devices"] == len(talker.get("/v1/home").json()["devices"])


def test_a_light_is_turned_on_and_known_to_be(talker: httpx.Client) -> None:
    home = talker.get("/v1/home").json()
    light = next(device for device in home["devices"] if "set_brightness" in device["commands"])
    assert light["area"] in {area["id"] for area in home["areas"]}
    answer = talker.post(
        "/v1/home/act", json={"device_id": light["id"], "command": "set_brightness", "value": 40}
    )
    assert answer.json()["state"]["brightness"] == 40
    again = talker.get(f"/v1/home/devices/{light['id']}").json()
    assert (again["state"]["on"], again["state"]["brightness"]) == (True, 40)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"device_id": "nothing", "command": "turn_on"}, (404, "home.no-device")),
        ({"command": "turn_on"}, (404, "home.no-device")),
        ({"device_id": "LIGHT", "command": "explode"}, (400, "home.command")),
        ({"device_id": "LIGHT", "command": "lock"}, (400, "home.cannot")),
        ({"device_id": "LIGHT", "command": "set_brightness", "value": 400}, (400, "home.range")),
        ({"device_id": "LIGHT", "command": "set_brightness", "value": [1]}, (400, "home.value")),
        ({"device_id": "LIGHT", "command": "set_brightness"}, (400, "home.range")),
    ],
)
def test_a_bad_command_is_told_why(
    talker: httpx.Client, body: dict[str, object], expected: tuple[int, str]
) -> None:
    devices = talker.get("/v1/home").json()["devices"]
    light = next(device["id"] for device in devices if "set_brightness" in device["commands"])
    body = {key: light if value == "LIGHT" else value for key, value in body.items()}
    assert _error(talker.post("/v1/home/act", json=body)) == expected


def test_events_come_as_they_happen(gate: Gate, talker: httpx.Client) -> None:
    seen: list[dict[str, object]] = []
    ready, done = threading.Event(), threading.Event()

    def watch() -> None:
        with gate.client(talker.headers["authorization"].split()[1]) as other:
            with other.stream("GET", "/v1/events") as answer:
                ready.set()
                for line in answer.iter_lines():
                    seen.append(json.loads(line))
                    if seen[-1]["kind"] == "turn":
                        done.set()
                        return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    assert ready.wait(10)
    talker.post("/v1/query", json={"query": "what day is it"})
    assert done.wait(10)
    assert "decided" in {event["kind"] for event in seen}


@pytest.mark.parametrize(
    "path", ["/", "/v1/turns", "/v1/home", "/metrics", "/v1/announce", "/v1/tokens", "/x"]
)
def test_nothing_answers_without_a_token(gate: Gate, path: str) -> None:
    with gate.client() as client:
        answer = client.get(path)
    assert _error(answer) == (401, "access.no-token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_health_does(gate: Gate) -> None:
    with gate.client() as client:
        answer = client.get("/v1/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_a_token_for_talking_controls_nothing(gate: Gate) -> None:
    with gate.client(gate.pair("speaker", "talk")) as client:
        assert client.get("/v1/turns").status_code == 200
        assert _error(client.get("/v1/home")) == (403, "access.scope")
        assert _error(client.get("/v1/tokens")) == (403, "access.scope")


def test_a_revoked_token_is_refused_at_once(gate: Gate, admin: httpx.Client) -> None:
    with gate.client(gate.pair("old phone")) as client:
        assert client.get("/v1/turns").status_code == 200
        names = [row["name"] for row in admin.get("/v1/tokens").json()["tokens"]]
        assert "old phone" in names
        assert admin.delete("/v1/tokens/old%20phone").status_code == 200
        assert _error(client.get("/v1/turns")) == (401, "access.token")
    assert _error(admin.delete("/v1/tokens/old%20phone")) == (404, "token.missing")


def test_a_name_is_paired_once(gate: Gate) -> None:
    gate.pair("twice")
    with pytest.raises(AssertionError, match=r"token\.taken"):
        gate.pair("twice")


def test_the_certificate_is_the_one_that_pairing_names(gate: Gate) -> None:
    pem = ssl.get_server_certificate(("127.0.0.1", gate.port), ca_certs=str(gate.certificate))
    assert pem.strip() == gate.certificate.read_text().strip()


def test_metrics_are_what_prometheus_reads(talker: httpx.Client) -> None:
    talker.get("/v1/turns")
    text = talker.get("/metrics").text
    assert 'sotto_http_requests_total{endpoint="/v1/turns",status="200"}' in text
    assert "sotto_assistant_up 1.0" in text


def test_a_name_in_a_path_is_no_label(admin: httpx.Client) -> None:
    admin.delete("/v1/tokens/nobody")
    text = admin.get("/metrics").text
    assert 'sotto_http_requests_total{endpoint="/v1/tokens/{name}",status="404"}' in text


def test_unknown_paths_do_not_become_labels(talker: httpx.Client) -> None:
    assert _error(talker.get("/nowhere/at/all")) == (404, "http.404")
    assert _error(talker.put("/v1/turns")) == (405, "http.405")
    assert "/nowhere" not in talker.get("/metrics").text


def test_the_command_line_shows_how_to_pair_and_revokes(gate: Gate) -> None:
    box: Box = gate.box
    told = json.loads(box.run("pair", "--json").stdout)
    assert told["addresses"] == [gate.url]
    shown = box.run("pair").stdout
    assert f"{told['code'][:4]} {told['code'][4:]}" in shown
    assert told["fingerprint"] in shown
    assert told["ticket"] not in shown
    gate.pair("by hand")
    assert "by hand: control talk" in box.run("tokens").stdout
    box.run("tokens", "revoke", "by hand")
    assert "by hand" not in box.run("tokens").stdout
    gone = box.run("tokens", "revoke", "by hand", check=False)
    assert (gone.returncode, "token.missing" in gone.stderr) == (3, True)


def test_the_command_line_says_when_there_is_no_gateway(own_box: Box) -> None:
    gone = own_box.run("pair", check=False)
    assert (gone.returncode, "gateway.absent" in gone.stderr) == (5, True)


def test_the_gateway_loads_no_models() -> None:
    code = (
        "import sys, services.gatewayd.main; "
        "print(sorted({'onnxruntime', 'numpy', 'soundfile', 'sounddevice'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
