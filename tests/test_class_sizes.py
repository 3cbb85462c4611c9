"""No class over twelve attributes and no constructor over seven parameters, unless its docstring says why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("common", "assistant", "power", "services", "buildimage")
MOST_ATTRIBUTES, MOST_PARAMETERS = 12, 7


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "_pb2" not in path.name:
                for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                    if isinstance(node, ast.ClassDef):
                        yield f"{path.relative_to(ROOT)}: {node.name}", node


def attributes(node: ast.ClassDef) -> set[str]:
    """Fields of a dataclass, and whatever a method assigns to `self`."""
    is_dataclass = any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list)
    fields = {
        each.target.id
        for each in node.body
        if is_dataclass and isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    }
    assigned = {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute)
        and isinstance(each.ctx, ast.Store)
        and isinstance(each.value, ast.Name)
        and each.value.id == "self"
    }
    return fields | assigned


def parameters(node: ast.ClassDef) -> int:
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return len(each.args.posonlyargs) + len(each.args.args) + len(each.args.kwonlyargs) - 1
    return 0


def test_a_large_class_says_why() -> None:
    silent = [
        name
        for name, node in classes()
        if len(attributes(node)) > MOST_ATTRIBUTES
        and "More than twelve attributes: " not in (ast.get_docstring(node) or "")
    ]
    assert silent == []


def test_a_long_constructor_says_why() -> None:
    silent = [
        name
        for name, node in classes()
        if parameters(node) > MOST_PARAMETERS
        and "More than seven parameters: " not in (ast.get_docstring(node) or "")
    ]
    assert silent == []


def test_no_reason_is_left_where_there_is_none() -> None:
    idle = [
        name
        for name, node in classes()
        if len(attributes(node)) <= MOST_ATTRIBUTES
        and "More than twelve attributes: " in (ast.get_docstring(node) or "")
    ]
    assert idle == []
