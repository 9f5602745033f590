"""Lists of cases as files: CSV and workbooks, written page by page, without anybody's personal data.

A cell that begins like a formula is written so that no spreadsheet runs it (OWASP: CSV injection).
Every export is a deed that stays on record.
"""

import csv
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]

from domain.account import Permission, Principal
from domain.case import STATUS_ZH, Status
from domain.views import CaseFilter, CaseView
from usecases.case_lists import page_of
from usecases.city import City
from usecases.deeds import note
from usecases.permits import permit, scope_of

PAGE = 200
MOST_EXPORTED = 50_000
"""Rows of one file: a longer list is cut there, and the file says so."""
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
BOM = "\ufeff"
CHUNK = 64 * 1024
Form = Literal["csv", "xlsx"]
_Cell = str | int | float | datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """A file to be sent: its name, its type, and its bytes, made while they are read."""

    name: str
    media_type: str
    chunks: Iterator[bytes]


def export(*, city: City, who: Principal, where: CaseFilter, form: Form) -> Export:
    """Return a list as a file, in the order and by the filter of the list; logged before it begins.

    Reading the chunks blocks: call it in a thread. Raises BadRequest (not_permitted).
    """
    permit(who, Permission.EXPORT)
    # What is taken out is what the posts that may take out reach, not all that may be looked at.
    scope_of(city=city, who=who, permission=Permission.EXPORT)
    exporter = replace(who, grants=who.grants_for(Permission.EXPORT))
    note(city=city, who=who, kind="export", object="cases", detail={"form": form, "filter": _said(where)})
    local = city.now().astimezone(ZoneInfo(city.pack.city.timezone))
    rows = _rows(city, exporter, where)
    name = f"cases-{local:%Y%m%d-%H%M}.{form}"
    if form == "csv":
        return Export(name=name, media_type="text/csv; charset=utf-8", chunks=_csv(city, who, rows))
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Export(name=name, media_type=media_type, chunks=_xlsx(city, who, rows))


def harmless(text: str) -> str:
    """Return a text no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _said(where: CaseFilter) -> dict[str, Any]:
    """Return what a filter says, for the log. A text that was searched for may be personal: only that there was one."""
    given = {name: getattr(where, name) for name in CaseFilter.__slots__}
    kept = {name: value for name, value in given.items() if value not in (None, (), "") and name != "scope"}
    return {name: "…" if name == "text" else str(value)[:80] for name, value in kept.items()}


def _rows(city: City, who: Principal, where: CaseFilter) -> Iterator[CaseView]:
    cursor: str | None = None
    for _ in range(MOST_EXPORTED // PAGE):
        page = page_of(city=city, who=who, where=where, limit=PAGE, cursor=cursor)
        yield from page.cases
        cursor = page.next_cursor
        if cursor is None:
            return


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    zh: str
    en: str
    of: Callable[[CaseView], _Cell]


def _columns(city: City, *, chinese: bool) -> tuple[_Column, ...]:
    def unit(code: str | None) -> str:
        found = city.pack.tree.find(code) if code else None
        if found is None:
            return code or ""
        return found.name_zh if chinese else found.name_en or found.name_zh

    def area(code: str | None) -> str:
        found = city.pack.areas.get(code) if code else None
        if found is None:
            return code or ""
        return found.name if chinese else found.name_en or found.name

    def category(view: CaseView) -> str:
        found = city.pack.catalogue.get(view.category)
        return view.category_name if chinese or found is None else found.name_en or view.category_name

    return (
        _Column(zh="案件编号", en="number", of=lambda view: view.case_no),
        _Column(
            zh="状态", en="state",
            of=lambda view: STATUS_ZH[Status(view.status)] if chinese else view.status,
        ),
        _Column(zh="类别编码", en="category code", of=lambda view: view.category),
        _Column(zh="类别", en="category", of=category),
        _Column(zh="等级", en="grade", of=lambda view: view.severity),
        _Column(zh="层级", en="level", of=lambda view: view.level),
        _Column(zh="区", en="district", of=lambda view: area(view.district)),
        _Column(zh="街道", en="street", of=lambda view: area(view.street)),
        _Column(zh="社区", en="community", of=lambda view: area(view.community)),
        _Column(zh="责任单位", en="owner", of=lambda view: unit(view.owner)),
        _Column(zh="渠道", en="channel", of=lambda view: view.channel),
        _Column(zh="受理时间", en="received", of=lambda view: view.received_at),
        _Column(zh="派遣时间", en="dispatched", of=lambda view: view.dispatched_at),
        _Column(zh="处置时限", en="handling due", of=lambda view: view.handling_due),
        _Column(zh="办结时间", en="closed", of=lambda view: view.closed_at),
        _Column(zh="按时", en="on time", of=lambda view: _yes(view.on_time, chinese=chinese)),
        _Column(zh="返工次数", en="reworks", of=lambda view: view.reworks),
        _Column(zh="退回次数", en="returns", of=lambda view: view.returns),
    )  # fmt: skip


def _yes(value: bool | None, *, chinese: bool) -> str:  # noqa: FBT001 - a cell
    if value is None:
        return ""
    return ("是" if value else "否") if chinese else ("yes" if value else "no")


def _cells(city: City, who: Principal) -> tuple[list[str], Callable[[CaseView], list[_Cell]]]:
    chinese = who.language != "en"
    columns = _columns(city, chinese=chinese)
    zone = ZoneInfo(city.pack.city.timezone)

    def cells(view: CaseView) -> list[_Cell]:
        values = (column.of(view) for column in columns)
        return [
            value.astimezone(zone).replace(tzinfo=None) if isinstance(value, datetime) else value
            for value in values
        ]

    return [column.zh if chinese else column.en for column in columns], cells


def _csv(city: City, who: Principal, rows: Iterator[CaseView]) -> Iterator[bytes]:
    heads, cells = _cells(city, who)
    lines = 0
    yield BOM.encode()
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(heads)
    for lines, view in enumerate(rows, start=1):  # noqa: B007 - how many there were
        writer.writerow([_text(value) for value in cells(view)])
        if buffer.tell() > CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    if lines == MOST_EXPORTED:
        writer.writerow([_cut(who)])
    yield buffer.getvalue().encode()


def _cut(who: Principal) -> str:
    most = f"{MOST_EXPORTED:,}"
    return f"only the first {most} cases" if who.language == "en" else f"仅导出前 {most} 件"


def _text(value: _Cell) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return harmless("" if value is None else str(value))


def _xlsx(city: City, who: Principal, rows: Iterator[CaseView]) -> Iterator[bytes]:
    """Write a workbook row by row to a file, then send that: it is a packed folder and has its index at the end."""
    heads, cells = _cells(city, who)
    with tempfile.TemporaryDirectory(prefix="cityops-export-") as folder:
        path = Path(folder) / "cases.xlsx"
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(path), options) as book:
            sheet = book.add_worksheet()
            bold, moment = (
                book.add_format({"bold": True}),
                book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            )
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(heads) - 1, 16)
            for at, head in enumerate(heads):
                sheet.write_string(0, at, head, bold)
            line = 0
            for line, view in enumerate(rows, start=1):
                for at, value in enumerate(cells(view)):
                    _write(sheet, (line, at), value, moment)
            if line == MOST_EXPORTED:
                sheet.write_string(line + 1, 0, _cut(who), bold)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _write(sheet: Any, cell: tuple[int, int], value: _Cell, moment: Any) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(*cell, value, moment)
    elif isinstance(value, int | float):
        sheet.write_number(*cell, value)
    elif value:
        sheet.write_string(*cell, harmless(value))
