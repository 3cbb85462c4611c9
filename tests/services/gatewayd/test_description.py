"""What the OpenAPI description promises, the box keeps."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.services.gatewayd.conftest import Gate

#: Loud, without an end, or the end of the token that is used.
LEFT_OUT = ("/v1/announce", "/v1/events", "/v1/tokens/{name}")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


def test_the_description_is_openapi_and_open(gate: Gate) -> None:
    with gate.client() as client:
        document = json.loads(client.get("/openapi.json").text)
    assert document["openapi"].startswith("3.1")
    assert "/v1/query" in document["paths"]


class _Page(HTMLParser):
    """Collects what a page links to, fetches, and has as anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attributes:
            if name in ("href", "src"):
                self.links.append(str(value))
            if name == "id":
                self.anchors.add(str(value))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_tells_every_endpoint_and_fetches_nothing(gate: Gate) -> None:
    with gate.client() as client:
        answer = client.get("/docs")
        paths = client.get("/openapi.json").json()["paths"]
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = _Page()
    page.feed(answer.text)
    assert not {path for path in paths if path not in page.text}
    assert not page.tags & {"script", "img", "link", "iframe"}
    assert "openapi.json" in page.links
    links = {link for link in page.links if link != "openapi.json"}
    assert {link.removeprefix("#") for link in links} <= page.anchors


# Last: it tries wrong pairing codes, after which pairing is closed for a while.
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_no_request_is_answered_otherwise_than_described(gate: Gate, tmp_path: Path) -> None:
    token = gate.pair("schemathesis", "admin")
    description = tmp_path / "openapi.json"
    with gate.client(token) as client:
        description.write_text(client.get("/openapi.json").text)
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", str(description)]
    command += ["--url", gate.url, "--tls-verify", str(gate.certificate), "--no-color", "--seed", "1"]
    command += ["-H", f"Authorization: Bearer {token}", "--request-timeout", "20", "--max-examples", "15"]
    command += ["--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing"]
    command += [word for path in LEFT_OUT for word in ("--exclude-path", path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=380, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
