"""The OpenAPI description as one page of HTML: no scripts, nothing fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_Json = Mapping[str, Any]
_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 56rem; margin: 0 auto; padding: 1rem; }
details { border: 1px solid #8886; border-radius: 6px; margin: .4rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: .4rem 0; }
td { border-top: 1px solid #8884; padding: .2rem .8rem .2rem 0; vertical-align: top; }
.verb { display: inline-block; min-width: 4.2rem; font-weight: 600; }
.quiet { opacity: .75; }
"""


def page_of(document: _Json) -> str:
    """The page.

    Args:
        document: as `openapi.describe` makes it.
    """
    info = document["info"]
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}: the local API</title><style>{_STYLE}</style></head><body>",
            f"<h1>{title}: the local API</h1><p>{escape(info['description'])}</p>",
            '<p>The same for programs: <a href="openapi.json">openapi.json</a>. A token goes along as ',
            "<code>Authorization: Bearer TOKEN</code>; <code>sotto pair</code> on the box says how to get ",
            "it. <code>POST /v1/pair</code> takes a ticket; the pairing code is never sent.</p>",
            "<h2>Endpoints</h2>",
            *_endpoints(document["paths"]),
            "<h2>Messages</h2>",
            *_schemas(document["components"]["schemas"]),
            "</body></html>",
        )
    )


def _endpoints(paths: _Json) -> Iterator[str]:
    for path, item in sorted(paths.items()):
        for verb, operation in item.items():
            yield (
                f'<details><summary><span class="verb">{escape(verb.upper())}</span> '
                f"<code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
                f'<p class="quiet">{escape(operation["description"])}</p>'
            )
            if parameters := operation.get("parameters"):
                yield _table(
                    "Parameters",
                    (
                        (entry["name"], f"{entry['in']}, {_kind(entry['schema'])}", entry["description"])
                        for entry in parameters
                    ),
                )
            if body := operation.get("requestBody"):
                yield _table(
                    "Body", ((media, _of(content), "") for media, content in body["content"].items())
                )
            yield _table("Answers", _answers(operation["responses"]))
            yield "</details>"


def _answers(responses: _Json) -> Iterator[tuple[str, str, str]]:
    for status, response in sorted(responses.items()):
        for media, content in response["content"].items():
            yield status, f"{media} {_of(content)}", response["description"]


def _schemas(schemas: _Json) -> Iterator[str]:
    for name, schema in sorted(schemas.items()):
        rows = ((field, _kind(kind), "") for field, kind in schema.get("properties", {}).items())
        yield f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        yield _table("", rows) + "</details>"


def _of(content: _Json) -> str:
    schema = content.get("schema")
    return _kind(schema) if schema else ""


def _kind(schema: _Json) -> str:
    """One line for a schema; a reference becomes a link when it is written out, see `_cell`."""
    if "$ref" in schema:
        return f"#{schema['$ref'].rsplit('/', 1)[-1]}"
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"name to {_kind(schema['additionalProperties'])}"
    kind = str(schema.get("type", "any value"))
    for key, words in (("minimum", "from"), ("maximum", "to"), ("default", "default")):
        if key in schema:
            kind += f", {words} {schema[key]}"
    return kind


def _table(title: str, rows: Iterator[tuple[str, str, str]]) -> str:
    lines = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{_cell(kind)}</td><td>{escape(about)}</td></tr>"
        for name, kind, about in rows
    )
    return (f"<p>{escape(title)}</p>" if title else "") + f"<table>{lines}</table>"


def _cell(kind: str) -> str:
    """`kind` with the names of messages as links to them."""
    words = (
        f'<a href="{escape(word)}">{escape(word[1:])}</a>' if word.startswith("#") else escape(word)
        for word in kind.split(" ")
    )
    return " ".join(words)
