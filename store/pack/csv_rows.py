"""CSV files of a pack: rows as fields with their line."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from store.pack.fields import Fields, Place
from store.pack.problems import ProblemBook


def read_rows(*, folder: Path, name: str, columns: tuple[str, ...], book: ProblemBook) -> Iterator[Fields]:
    """Yield the rows of a CSV file with a header. Problems: no file, no UTF-8, missing columns."""
    try:
        text = (folder / name).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        book.add(where=(name, 0), code="missing_file", zh="缺少此文件", en="this file is missing")
        return
    except UnicodeDecodeError as problem:
        book.add(
            where=(name, 0),
            code="unreadable_file",
            zh=f"须为 UTF-8 文本:{problem}",
            en=f"must be UTF-8 text: {problem}",
        )
        return
    reader = csv.DictReader(text.splitlines())
    missing = [column for column in columns if column not in (reader.fieldnames or [])]
    if missing:
        names = "、".join(missing)
        book.add(where=(name, 1), code="missing_column", zh=f"缺少列:{names}", en=f"columns missing: {names}")
        return
    for row in reader:
        place = (name, reader.line_num)
        if None in row or None in row.values():
            book.add(
                where=place, code="wrong_columns", zh="列数与表头不符", en="not as many columns as the header"
            )
            continue
        yield Fields(data=row, at=_standing(place), book=book)


def _standing(place: Place) -> Callable[[str | None], Place]:
    return lambda _key: place
