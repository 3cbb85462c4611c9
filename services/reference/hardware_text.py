"""The generated parts of docs/hardware.md: the table of accelerators, and the computers of the reports."""

from __future__ import annotations

from pathlib import Path

from assistant.hardware.report import Report, read_report
from assistant.hardware.table import Entry, SeenRule, load_table
from services.reference.markdown import table

_REPORTS = Path(__file__).resolve().parents[2] / "hardware"


def accelerators_table() -> str:
    """What is recognised, and what it needs."""
    rows = [
        (
            f"`{entry.id}`",
            entry.name,
            "; ".join(_rule(rule) for rule in entry.seen),
            _codes(entry.drivers),
            _nodes(entry),
            "; ".join(entry.runtime_names),
        )
        for entry in load_table().accelerator
    ]
    return table(("id", "accelerator", "seen as", "driver", "node", "runtime, one of"), rows)


def computers_table(folder: Path = _REPORTS) -> str:
    """The computers of the reports in `folder`, by name.

    Raises:
        InvalidInput: a report is malformed.
    """
    reports = sorted(
        map(read_report, sorted(folder.glob("*.toml"))), key=lambda report: report.machine.lower()
    )
    head = ("computer", "architecture", "Linux", "cores", "accelerators: rung reached, and what stopped it")
    return table(head, map(_row, reports))


def _row(report: Report) -> tuple[str, ...]:
    cores = [f"{each.count} x {each.model}: {', '.join(each.features) or '-'}" for each in report.cores]
    names = {entry.id: entry.name for entry in load_table().accelerator}
    accelerators = [
        f"{names[each.id]}: {each.rung}" + (f" ({each.stop})" if each.stop != "nothing" else "")
        for each in report.accelerator
    ]
    return report.machine, report.architecture, report.kernel, "; ".join(cores), "; ".join(accelerators)


def _rule(rule: SeenRule) -> str:
    parts = [rule.subsystem]
    if rule.vendor:
        products = ", ".join(rule.product) or "*"
        parts.append(f"{rule.vendor}:{products}")
    if rule.classes:
        parts.append(f"class {', '.join(rule.classes)}")
    parts += [f"`{text}`" for text in (rule.compatible, rule.name) if text]
    return " ".join(parts)


def _nodes(entry: Entry) -> str:
    own = ["its own"] if entry.own_node else []
    rules = dict.fromkeys(f"{rule.subsystem} `{rule.name}`" for rule in entry.nodes)
    return "; ".join([*own, *rules, *(f"`/{path}`" for path in entry.paths)])


def _codes(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)
