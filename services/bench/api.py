"""`make bench-api`: what the network side costs, side by side with the socket behind it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import grpc
import numpy as np
import psutil
import soxr
from websockets.asyncio.client import connect

from assistant.audio.format import SAMPLE_RATE, Samples
from services.bench.figures import line, machine, percentiles
from services.bench.resources import Daemon
from services.proto.sotto.v1 import assistant_pb2 as pb
from services.proto.sotto.v1 import assistant_pb2_grpc as rpc

#: AnsweredTurn without side effects, as fast as anything is: what remains is the way.
QUESTION = "what day is it"
#: What the satellites say; all different, all complete.
SENTENCES = (
    "turn on the kitchen light",
    "what time is it",
    "turn off the bedroom light",
    "what day is it",
    "open the garage door",
    "is the front door locked",
    "turn on the desk lamp",
    "close the living room blinds",
)
LONG = "The quick brown fox jumps over the lazy dog. " * 8
_PIECE = SAMPLE_RATE // 10
_WITHIN_S = 60.0
#: Wyoming takes so many, the rest of two hundred is WebSockets.
_HUB_LINES, _ALL_LINES = 60, 200


class Gateway:
    """gatewayd beside a daemon, on loopback, with a paired caller.

    Args:
        daemon: the assistant behind it.
    """

    def __init__(self, daemon: Daemon) -> None:
        self.port, grpc_port, self.wyoming_port = _free_ports(3)
        config = Path(daemon.environment["SOTTO_CONFIG"])
        config.mkdir(parents=True, exist_ok=True)
        (config / "gateway.toml").write_text(
            f'host = "127.0.0.1"\nport = {self.port}\ngrpc_port = {grpc_port}\n'
            f"wyoming_port = {self.wyoming_port}\nsatellite_port = 0\n"
            f"[limits]\nconversations = {len(SENTENCES)}\n"
        )
        state = Path(daemon.environment["SOTTO_STATE"]) / "gateway"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.gatewayd.main"],
            env=daemon.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        if "local API" not in self._process.stdout.readline():
            raise RuntimeError("the gateway did not start")
        self.tls = ssl.create_default_context(cafile=str(state / "tls.crt"))
        self._watched = psutil.Process(self._process.pid)
        shown = subprocess.run(
            [sys.executable, "-m", "services.cli.main", "pair", "--json"],
            env=daemon.environment,
            capture_output=True,
            check=True,
        )
        wish = {"ticket": json.loads(shown.stdout)["ticket"], "name": "bench", "scopes": ["admin"]}
        self.token = str(json.loads(self.post(self.line(), "/v1/pair", wish))["token"])

    @property
    def rss_mb(self) -> float:
        """Resident memory, megabytes."""
        return float(self._watched.memory_info().rss / 1e6)

    def line(self) -> http.client.HTTPSConnection:
        """A connection that stays open."""
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=_WITHIN_S)

    def post(self, line: http.client.HTTPSConnection, path: str, body: object) -> bytes:
        """One request; the whole answer."""
        line.request("POST", path, json.dumps(body), self.headers)
        response = line.getresponse()
        data = response.read()
        if response.status >= 400:
            raise RuntimeError(data.decode())
        return data

    @property
    def headers(self) -> dict[str, str]:
        """Who asks."""
        token = getattr(self, "token", "")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(_WITHIN_S)


def overhead(daemon: Daemon, gateway: Gateway, rounds: int) -> dict[str, Any]:
    """The same question over the Unix socket and over the network side, turn by turn."""
    direct: list[float] = []
    through: list[float] = []
    line = gateway.line()
    with grpc.insecure_channel(f"unix:{daemon.environment['SOTTO_SOCKET']}") as channel:
        stub = rpc.AssistantStub(channel)
        for number in range(rounds + 20):
            began = perf_counter()
            list(stub.Ask(pb.AskRequest(query=QUESTION)))
            between = perf_counter()
            gateway.post(line, "/v1/query", {"query": QUESTION})
            if number >= 20:  # connections and caches are warm
                direct.append(1000 * (between - began))
                through.append(1000 * (perf_counter() - between))
    line.close()
    added = [ours - theirs for ours, theirs in zip(through, direct, strict=True)]
    return {
        "socket_ms": percentiles(direct),
        "gateway_ms": percentiles(through),
        "added_ms": percentiles(added),
        "added_at_p95_ms": round(float(np.percentile(through, 95) - np.percentile(direct, 95)), 2),
    }


def satellites(gateway: Gateway, clips: list[Samples], rounds: int) -> dict[str, Any]:
    """Conversations over WebSocket at the pace of a microphone: one at a time, then all at once."""

    async def together(numbers: list[int]) -> list[dict[str, Any]]:
        said = (converse(gateway.port, gateway.tls, gateway.token, SENTENCES[n], clips[n]) for n in numbers)
        return list(await asyncio.gather(*said))

    every = range(len(SENTENCES))
    alone = [turn for _ in range(rounds) for number in every for turn in asyncio.run(together([number]))]
    at_once = [turn for _ in range(rounds) for turn in asyncio.run(together(list(every)))]
    one = percentiles([turn["compute"] for turn in alone])
    all_ = percentiles([turn["compute"] for turn in at_once])
    return {
        "compute_alone_ms": one,
        "compute_at_once_ms": all_,
        "ratio_at_p95": round(all_["p95"] / one["p95"], 2),
        "right_alone_percent": _right(alone),
        "right_at_once_percent": _right(at_once),
        "wrong": sorted(
            {f"{t['said']!r} heard as {t['heard']!r}" for t in alone + at_once if not t["right"]}
        ),
    }


async def converse(port: int, tls: ssl.SSLContext, token: str, said: str, clip: Samples) -> dict[str, Any]:
    """One conversation over WebSocket at the pace of a microphone.

    Args:
        port: of a gateway on loopback.
        tls: trusts its certificate.
        token: of a paired caller.
        said: the words of the clip.
        clip: 16 kHz int16, (n,).

    Returns:
        `said`, `heard` (the transcript), `right` (whether both are the same words), `compute` (ms or nan).

    Raises:
        TimeoutError: there was no turn within a minute.
    """
    turn: dict[str, Any] = {}
    url = f"wss://127.0.0.1:{port}/v1/converse"
    bearer = {"Authorization": f"Bearer {token}"}
    async with connect(url, ssl=tls, additional_headers=bearer, proxy=None) as line:
        await line.send(json.dumps({"start": {"realtime": True, "reply_audio": True}}))

        async def speak() -> None:
            due = perf_counter()
            sound = np.concatenate([clip, np.zeros(2 * SAMPLE_RATE, np.int16)])
            for at in range(0, len(sound), _PIECE):
                await line.send(sound[at : at + _PIECE].astype("<i2").tobytes())
                due += _PIECE / SAMPLE_RATE
                await asyncio.sleep(max(0.0, due - perf_counter()))

        speaking = asyncio.create_task(speak())
        async with asyncio.timeout(_WITHIN_S):
            async for message in line:
                if isinstance(message, str) and (found := json.loads(message).get("turn")):
                    turn = found
                    break
        speaking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await speaking
    heard = turn.get("transcript", "")
    compute = turn.get("clocks_ms", {}).get("compute", float("nan"))
    return {"said": said, "heard": heard, "right": _plain(heard) == _plain(said), "compute": compute}


def idle(gateway: Gateway) -> dict[str, Any]:
    """Memory with two hundred connections on which nothing happens."""
    before = gateway.rss_mb
    gateway.post(gateway.line(), "/v1/hubs", {"address": "127.0.0.1"})

    async def hold() -> float:
        url = f"wss://127.0.0.1:{gateway.port}/v1/converse"
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(_ALL_LINES - _HUB_LINES):
                line = connect(url, ssl=gateway.tls, additional_headers=gateway.headers, proxy=None)
                await stack.enter_async_context(line)
            for _ in range(_HUB_LINES):
                _, writer = await asyncio.open_connection("127.0.0.1", gateway.wyoming_port)
                writer.write(b'{"type": "describe"}\n')
                stack.callback(writer.close)
            await asyncio.sleep(2)
            return gateway.rss_mb

    with_all = asyncio.run(hold())
    return {
        "websockets": _ALL_LINES - _HUB_LINES,
        "wyoming": _HUB_LINES,
        "rss_mb_before": round(before, 1),
        "rss_mb_with_all": round(with_all, 1),
    }


def streaming(gateway: Gateway, rounds: int) -> dict[str, Any]:
    """When the first byte of a long text's speech comes, and when the last."""
    first: list[float] = []
    whole: list[float] = []
    for _ in range(rounds):
        line = gateway.line()
        line.connect()
        began = perf_counter()
        body = json.dumps({"input": LONG, "response_format": "pcm"})
        line.request("POST", "/v1/audio/speech", body, gateway.headers)
        response = line.getresponse()
        response.read(1)
        first.append(1000 * (perf_counter() - began))
        response.read()
        whole.append(1000 * (perf_counter() - began))
        line.close()
    return {"first_byte_ms": percentiles(first), "last_byte_ms": percentiles(whole)}


def measure(*, quick: bool) -> dict[str, Any]:
    """All figures, in one run."""
    with Daemon({}, "--no-microphone") as daemon:
        gateway = Gateway(daemon)
        try:
            clips = list(_clips(daemon))
            return {
                "machine": machine(),
                "overhead": overhead(daemon, gateway, 100 if quick else 1000),
                "satellites": satellites(gateway, clips, 1 if quick else 3),
                "streaming": streaming(gateway, 3 if quick else 10),
                "idle": idle(gateway),
            }
        finally:
            gateway.close()


def report(results: dict[str, Any]) -> None:
    """The figures for people, each beside what is promised."""
    print(results["machine"])
    over, talk = results["overhead"], results["satellites"]
    print(line("a query over the Unix socket", over["socket_ms"], "ms"))
    print(line("the same over the network side", over["gateway_ms"], "ms"))
    print(line("added, query by query", over["added_ms"], "ms", "(at most 3 at p95)"))
    print(line("compute, one satellite", talk["compute_alone_ms"], "ms"))
    print(line(f"compute, {len(SENTENCES)} at once", talk["compute_at_once_ms"], "ms"))
    print(f"{'ratio at p95':<44} {talk['ratio_at_p95']} (at most 2.5)")
    right = f"{talk['right_alone_percent']} % alone, {talk['right_at_once_percent']} % at once"
    print(f"{'transcripts right':<44} {right}")
    for wrong in talk["wrong"]:
        print(f"  {wrong}")
    print(line("speech, first byte", results["streaming"]["first_byte_ms"], "ms"))
    print(line("speech, last byte", results["streaming"]["last_byte_ms"], "ms"))
    held = results["idle"]
    print(
        f"{'memory of gatewayd':<44} {held['rss_mb_before']} MB, with {held['websockets']} WebSockets and "
        f"{held['wyoming']} of Wyoming {held['rss_mb_with_all']} MB (below 80)"
    )


def draw(results: dict[str, Any], path: Path) -> None:
    """Write a PNG: the way to an answer on the left, satellites in the middle, speech on the right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = (
        (
            "a query",
            {"socket": results["overhead"]["socket_ms"], "network": results["overhead"]["gateway_ms"]},
        ),
        (
            "compute of a turn",
            {
                "one": results["satellites"]["compute_alone_ms"],
                f"{len(SENTENCES)} at once": results["satellites"]["compute_at_once_ms"],
            },
        ),
        (
            "speech of a long text",
            {
                "first byte": results["streaming"]["first_byte_ms"],
                "last byte": results["streaming"]["last_byte_ms"],
            },
        ),
    )
    figure, axes = pyplot.subplots(1, len(groups), figsize=(12, 4), layout="constrained")
    for axis, (title, values) in zip(axes, groups, strict=True):
        for offset, percentile in enumerate(("p50", "p95")):
            places = [number + (offset - 0.5) * 0.4 for number in range(len(values))]
            bars = axis.bar(
                places, [figures[percentile] for figures in values.values()], 0.38, label=percentile
            )
            axis.bar_label(bars, fmt="%.1f", fontsize=8)
        axis.set_xticks(range(len(values)), list(values))
        axis.set_ylabel("milliseconds")
        axis.set_title(title)
        axis.legend()
    figure.suptitle(results["machine"])
    figure.savefig(path, dpi=110)


def _clips(daemon: Daemon) -> Iterator[Samples]:
    """The sentences in the box's own voice, 16 kHz int16, with some silence in front."""
    for sentence in SENTENCES:
        rate, chunks = daemon.client.say(sentence)
        spoken = soxr.resample(np.concatenate(list(chunks)), rate, SAMPLE_RATE).astype(np.int16)
        yield np.concatenate([np.zeros(SAMPLE_RATE // 2, np.int16), spoken])


def _right(turns: list[dict[str, Any]]) -> float:
    return round(100 * sum(bool(turn["right"]) for turn in turns) / len(turns), 1)


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def main() -> int:
    """Measure, print, and leave `api.json` and `api.png` in the output folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/bench"), metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    results = measure(quick=options.quick)
    (options.out / "api.json").write_text(json.dumps(results, indent=1) + "\n")
    draw(results, options.out / "api.png")
    report(results)
    print(f"written: {options.out / 'api.json'}, {options.out / 'api.png'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
