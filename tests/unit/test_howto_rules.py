"""The examples of docs/howto/rules.md are read without a complaint."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from store.pack import ProblemBook
from store.pack.overlays import STAGES, read_classes, read_overlays
from store.pack.rotas import read_rotas
from store.pack.severity import read_severities
from store.pack.tags import read_tags
from store.pack.toml_lines import TomlFile
from tests.unit.small_pack import EVERY

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
ZONE = "Asia/Shanghai"


def example(start: str) -> TomlFile:
    """Return the one example that begins with this table."""
    (text,) = [text for text in EXAMPLES if text.startswith(start)]
    return TomlFile(name="rules.md", text=text, data=tomllib.loads(text))


@pytest.mark.parametrize(
    ("start", "kind"),
    [("[[tag]]", "tags"), ("[[overlay]]", "overlays"), ("[[class]]", "classes"), ("[[rota]]", "rotas")],
)
def test_an_example_is_read_as_it_stands(start: str, kind: str) -> None:
    book, file = ProblemBook(), example(start)
    readers: dict[str, Callable[[], tuple[object, ...]]] = {
        "tags": lambda: read_tags(file=file, book=book),
        "overlays": lambda: read_overlays(file=file, timezone=ZONE, book=book),
        "classes": lambda: read_classes(file=file, book=book),
        "rotas": lambda: read_rotas(file=file, timezone=ZONE, book=book),
    }
    assert len(readers[kind]()) == 1
    assert book.problems == ()


def test_the_example_of_a_rulebook_names_every_limit_of_it() -> None:
    text = EVERY["escalation.toml"]
    first, rest = text[: text.index("[severity.rulebook]")], text[text.index("[[severity]]", 10) :]
    whole = f"{first}{EXAMPLES[0]}\n{rest}"
    book = ProblemBook()
    found, _ = read_severities(
        file=TomlFile(name="escalation.toml", text=whole, data=tomllib.loads(whole)), book=book
    )
    assert book.problems == ()
    assert found[1].book is not None
    assert found[1].book.emergency is not None
    assert {name for name in STAGES if hasattr(found[1].book, name) and name != "contact"} <= set(
        re.findall(r"^(\w+) = ", EXAMPLES[0], re.MULTILINE)
    )
