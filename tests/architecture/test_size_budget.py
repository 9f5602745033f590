"""A module that nobody can read in one sitting is split before it is committed."""

import ast
from collections.abc import Iterator

from tests.architecture.checkout import ROOT, python_files

MODULE_LINES = 400
FUNCTION_LINES = 40
POSITIONAL_PARAMETERS = 5

type_of_function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[str, type_of_function]]:
    for path in python_files():
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))
        for node in ast.walk(tree):
            if isinstance(node, type_of_function):
                yield f"{path}:{node.lineno} {node.name}", node


def positional(node: type_of_function) -> int:
    """Count the parameters a caller may give by position; a method's own object is not one."""
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return len(names[1:] if names[:1] in (["self"], ["cls"]) else names)


def test_modules_have_at_most_400_lines() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {str(path): lines for path, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_functions_have_at_most_40_lines() -> None:
    lengths = {where: (node.end_lineno or node.lineno) - node.lineno + 1 for where, node in functions()}
    assert {where: lines for where, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def test_functions_take_at_most_five_positional_parameters() -> None:
    counts = {where: positional(node) for where, node in functions()}
    assert {where: count for where, count in counts.items() if count > POSITIONAL_PARAMETERS} == {}
