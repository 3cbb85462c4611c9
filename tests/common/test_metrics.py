"""Metrics: counting, bounds, and the text as Prometheus' own parser reads it."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from common.errors import InvalidInput
from common.exposition import labelled, merged, render
from common.metrics import OVERFLOW, Counter, Family, Gauge, Histogram, Kind, Registry, Sample
from common.metrics_json import MAX_TEXT, from_json, to_json


def _parsed(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_a_counter_counts_by_its_labels(registry: Registry) -> None:
    counter = Counter("a_total", "some", ("kind", "word"), registry=registry)
    counter.inc("x", "one")
    counter.inc("x", "one", by=2)
    counter.inc("y", "two")
    counter.inc("y", "two", by=-5)
    assert _parsed(render(registry.families())) == {
        ("a_total", (("kind", "x"), ("word", "one"))): 3.0,
        ("a_total", (("kind", "y"), ("word", "two"))): 1.0,
    }


def test_a_gauge_goes_up_and_down(registry: Registry) -> None:
    gauge = Gauge("open", "some", registry=registry)
    assert "open 0.0\n" in render(registry.families())
    gauge.inc(by=3)
    gauge.inc(by=-1)
    assert "open 2.0\n" in render(registry.families())
    gauge.set(7)
    assert "open 7.0\n" in render(registry.families())


def test_a_value_may_be_asked_for_when_it_is_read(registry: Registry) -> None:
    values = [3.0]
    Gauge("now", "some", registry=registry, read=lambda: values[0])
    assert "now 3.0\n" in render(registry.families())
    values[0] = 4.0
    assert "now 4.0\n" in render(registry.families())
    # What cannot be read must not cost the others.
    values.clear()
    Gauge("other", "some", registry=registry)
    assert [family.name for family in registry.families()] == ["other"]


def test_the_buckets_of_a_histogram_are_cumulative(registry: Registry) -> None:
    histogram = Histogram("took_seconds", "some", ("stage",), buckets=(0.1, 1.0), registry=registry)
    for value in (0.05, 0.1, 0.5, 3.0):
        histogram.observe(value, "parse")
    told = _parsed(render(registry.families()))
    assert [
        told["took_seconds_bucket", (("le", le), ("stage", "parse"))] for le in ("0.1", "1.0", "+Inf")
    ] == [
        2.0,
        3.0,
        4.0,
    ]
    assert told["took_seconds_count", (("stage", "parse"),)] == 4.0
    assert told["took_seconds_sum", (("stage", "parse"),)] == pytest.approx(3.65)


def test_a_histogram_without_labels_is_there_before_its_first_value(registry: Registry) -> None:
    Histogram("took_seconds", "some", buckets=(1.0,), registry=registry)
    assert _parsed(render(registry.families()))["took_seconds_count", ()] == 0.0


@pytest.mark.parametrize("buckets", [(), (1.0, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan,)])
def test_buckets_ascend(registry: Registry, buckets: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="took_seconds"):
        Histogram("took_seconds", "some", buckets=buckets, registry=registry)


def test_label_sets_are_bounded_and_nothing_is_lost(registry: Registry) -> None:
    counter = Counter("a_total", "some", ("who",), max_series=3, registry=registry)
    for number in range(10):
        counter.inc(str(number))
    counter.inc("1")
    (family,) = registry.families()
    told = {sample.labels[0][1]: sample.value for sample in family.samples}
    assert told == {"0": 1.0, "1": 2.0, "2": 1.0, OVERFLOW: 7.0}


def test_a_wrong_number_of_labels_is_counted_all_the_same(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    Counter("a_total", "some", ("who",), registry=registry).inc()
    assert f'a_total{{who="{OVERFLOW}"}} 1.0\n' in render(registry.families())
    assert "a_total" in caplog.text


@pytest.mark.parametrize(
    ("name", "labels"), [("1st", ()), ("a b", ()), ("", ()), ("a", ("__name",)), ("a", ("b-c",))]
)
def test_names_are_those_of_the_format(registry: Registry, name: str, labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="name"):
        Counter(name, "some", labels, registry=registry)


def test_a_name_is_declared_once(registry: Registry) -> None:
    Counter("a_total", "some", registry=registry)
    with pytest.raises(ValueError, match="a_total"):
        Gauge("a_total", "another", registry=registry)


def test_threads_lose_no_count(registry: Registry) -> None:
    counter = Counter("a_total", "some", ("who",), registry=registry)

    def count() -> None:
        for _ in range(2000):
            counter.inc("x")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 'a_total{who="x"} 8000.0\n' in render(registry.families())


@given(st.text(max_size=20), st.text(max_size=20), st.floats())
def test_any_text_and_number_come_through_prometheus_parser(about: str, label: str, value: float) -> None:
    # Only a line feed ends a line of the format; the parser takes a few other characters for ends too.
    if len((about + label).splitlines()) > 1 or (about + label).endswith(("\r", "\x1c", "\x1d", "\x1e")):
        about, label = repr(about), repr(label)
    family = Family("a", Kind.GAUGE, about, (Sample("", (("who", label),), value),))
    told = _parsed(render([family]))
    assert list(told) == [("a", (("who", label.encode("utf-8", "replace").decode()),))]
    (read,) = told.values()
    assert read == value or (math.isnan(read) and math.isnan(value))


def test_there_and_back_as_json(registry: Registry) -> None:
    Counter("a_total", "some", ("who",), registry=registry).inc("x")
    Histogram("b_seconds", "some", registry=registry).observe(0.3)
    assert from_json(to_json(registry.families())) == registry.families()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}{}",
        "7",
        "[7]",
        '[["a b", "gauge", "", []]]',
        '[["a", "summary", "", []]]',
        '[["a", "gauge", "", [["", [["b c", "x"]], 1]]]]',
        '[["a", "gauge", "", [["", [], "x"]]]]',
        '[["a", "gauge", "", [["", 5, 1]]]]',
        "[" * 100_000,
        " " * (MAX_TEXT + 1),
    ],
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        from_json(text)


def test_what_is_escaped() -> None:
    family = Family("a", Kind.GAUGE, 'back\\slash\n"', (Sample("", (("who", 'a"b\\c\nd'),), 1.0),))
    assert render([family]) == ('# HELP a back\\\\slash\\n"\n# TYPE a gauge\na{who="a\\"b\\\\c\\nd"} 1.0\n')


def test_families_of_several_processes_become_one_each() -> None:
    memory = Family("memory", Kind.GAUGE, "Memory", (Sample("", (), 1.0),))
    other = Family("memory", Kind.GAUGE, "Memory", (Sample("", (("daemon", "liar"),), 2.0),))
    wrong = Family("memory", Kind.COUNTER, "Memory", (Sample("", (), 9.0),))
    families = merged(
        [
            memory,
            labelled(other, "daemon", "a"),
            labelled(other, "daemon", "a"),
            labelled(wrong, "daemon", "b"),
        ]
    )
    text = render(families)
    assert text.count("# TYPE") == 1
    assert _parsed(text) == {("memory", ()): 1.0, ("memory", (("daemon", "a"),)): 2.0}


def test_a_process_says_how_it_is() -> None:
    from common.metrics import REGISTRY
    from common.process_metrics import resident_bytes

    told = {family.name: family for family in REGISTRY.families()}
    assert told["process_resident_memory_bytes"].samples[0].value == pytest.approx(resident_bytes(), rel=0.2)
    assert told["process_cpu_seconds_total"].kind is Kind.COUNTER
    assert told["process_open_fds"].samples[0].value > 2
