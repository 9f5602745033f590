"""``[open311]`` of ``city.toml``: what discovery says, who may file, and what a request must name."""

from domain.open311 import Open311Settings
from store.pack.fields import section
from store.pack.problems import ProblemBook
from store.pack.toml_lines import TomlFile


def read_open311(*, file: TomlFile, book: ProblemBook) -> Open311Settings:
    """Read the table; problems go to the book. Without it the endpoint takes requests with keys only."""
    if "open311" not in file.data:
        return Open311Settings()
    fields = section(file=file, path="open311", book=book)
    found = Open311Settings(
        contact=fields.text("contact", ""),
        key_service=fields.text("key_service", ""),
        public=fields.flag("public"),
        condition_required=fields.texts("condition_required"),
    )
    fields.finish()
    return found
