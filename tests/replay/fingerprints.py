"""The order of each workflow's commands, read from its source. Standard library only.

``python -m tests.replay.fingerprints`` writes the present ones to ``fingerprints.json``.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
FILE = Path(__file__).with_name("fingerprints.json")

COMMANDS = frozenset(
    {
        "continue_as_new", "deprecate_patch", "execute_activity", "execute_activity_method",
        "execute_child_workflow", "execute_local_activity", "execute_local_activity_method", "patched", "sleep",
        "start_activity", "start_activity_method", "start_child_workflow", "start_local_activity",
        "start_local_activity_method", "upsert_memo", "upsert_search_attributes", "wait_condition",
    }
)  # fmt: skip
"""What ends up in history as a command, or arms a timer on its way."""


def fingerprints() -> dict[str, list[str]]:
    """Return per workflow the commands in the order of the source: ``method: command(what)``."""
    found: dict[str, list[str]] = {}
    for file in sorted((CHECKOUT / "workflows").rglob("*.py")):
        module = ".".join(file.relative_to(CHECKOUT).with_suffix("").parts)
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and any(map(_is_definition, node.decorator_list)):
                found[f"{module}.{node.name}"] = list(_commands(node))
    return found


def _is_definition(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called) == "workflow.defn"


def _commands(workflow: ast.ClassDef) -> Iterator[str]:
    for method in workflow.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = [node for node in ast.walk(method) if isinstance(node, ast.Call)]
            for call in sorted(calls, key=lambda one: (one.lineno, one.col_offset)):
                if isinstance(call.func, ast.Attribute) and _name(call.func) is not None:
                    yield f"{method.name}: {_name(call.func)}({_what(call)})"


def _name(function: ast.Attribute) -> str | None:
    of_workflow = isinstance(function.value, ast.Name) and function.value.id == "workflow"
    return function.attr if of_workflow and function.attr in COMMANDS else None


def _what(call: ast.Call) -> str:
    """Return the first argument, which names the activity or says what is waited for, and the timer."""
    parts = [ast.unparse(argument) for argument in call.args[:1]]
    parts += [f"{word.arg}={ast.unparse(word.value)}" for word in call.keywords if word.arg == "timeout"]
    return ", ".join(parts)


if __name__ == "__main__":
    FILE.write_text(json.dumps(fingerprints(), indent=2) + "\n", encoding="utf-8")
