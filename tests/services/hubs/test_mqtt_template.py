from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.hubs.mqtt.template import Payload, UnsupportedTemplateError, fill, parse


@pytest.mark.parametrize(
    ("template", "payload", "value"),
    [
        ("", "ON", "ON"),
        ("{{ value }}", "ON", "ON"),
        ("{{ value_json.state }}", '{"state": "ON"}', "ON"),
        ("{{value_json['a b'].c[1]}}", '{"a b": {"c": [1, 2]}}', "2"),
        ("{{ value_json.t | float | round(1) }}", '{"t": "21.46"}', "21.5"),
        ("{{ value_json.b }}", '{"b": true}', "True"),
        ("{{ value_json.b | lower }}", '{"b": true}', "true"),
        ("{{ value_json.x }}", "{}", None),
        ("{{ value_json.x | default('no') }}", "{}", "no"),
        ("{{ value_json.x }}", "no json", None),
        ("{{ value_json.x }}", '{"x": null}', "None"),
        ("{{ value_json.x.y }}", '{"x": null}', None),
        ("{{ value_json.x[2] }}", '{"x": [1, 2]}', None),
    ],
)
def test_a_template_picks_a_value(template: str, payload: str, value: str | None) -> None:
    assert parse(template).of(Payload(payload.encode())) == value


@pytest.mark.parametrize(
    "template",
    ["{% if value %}a{% endif %}", "{{ value_json.a + 1 }}", "{{ states('x') }}", "{{ value | map }}",
     "{{ value_json.__class__() }}", "x{{ value }}", "{{ value * 10**9 }}", "{{" * 300],
)  # fmt: skip
def test_a_template_that_does_more_is_refused(template: str) -> None:
    with pytest.raises(UnsupportedTemplateError):
        parse(template)


def test_a_value_goes_where_a_template_names_it() -> None:
    assert fill('{"position": {{ position }}}', "40") == '{"position": 40}'
    with pytest.raises(UnsupportedTemplateError):
        fill("{% if value %}1{% endif %}", "40")


@given(st.text(max_size=60), st.binary(max_size=40))
def test_whatever_a_template_is_it_picks_or_is_refused(inside: str, payload: bytes) -> None:
    for text in (inside, f"{{{{ value_json{inside} }}}}", f"{{{{ value | {inside} }}}}"):
        try:
            parse(text).of(Payload(payload))
            fill(text, "1")
        except UnsupportedTemplateError:
            continue
