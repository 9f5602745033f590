"""Open311's words and forms without a server: states, texts, times, forms, XML."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from api.open311.errors import status_of
from api.open311.forms import _json, _urlencoded
from api.open311.written import as_json, as_xml, plain
from domain.case import ENDED, SETTLED, Status
from domain.open311 import Open311Settings
from store.pack.open311 import read_open311
from store.pack.problems import ProblemBook
from store.pack.toml_lines import read_toml
from usecases.open311.filing import _name
from usecases.open311.filing import plain as without_controls
from usecases.open311.form import Form
from usecases.open311.public_text import public_text
from usecases.open311.query import instant, listed
from usecases.open311.statuses import (
    NOTES,
    SAID,
    UPDATE_STATUS,
    UPDATES,
    note,
    public_status,
    update_status,
)
from usecases.problems import PROBLEMS, BadRequest, Finding, ProblemCode

GUIDE = (Path(__file__).parents[2] / "docs" / "howto" / "open311.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("status", list(Status))
def test_every_state_has_its_words_in_all_vocabularies(status: Status) -> None:
    assert public_status(status) == ("closed" if status in SETTLED else "open")
    zh, en = NOTES[status]
    assert (note(status=status, lang="zh"), note(status=status, lang="en")) == (zh, en)
    assert zh.endswith("。")
    assert en.endswith(".")
    assert en.isascii()
    word = update_status(status=status, close_kind=None)
    assert word == UPDATE_STATUS[status]
    # What we say and what somebody who says the same would mean is the same: open or closed.
    assert SAID[word] == public_status(status), status


def test_every_word_of_the_extension_means_something_and_closing_as_solved_is_fixed() -> None:
    assert set(SAID) == {
        "OPEN", "CLOSED", "FIXED", "IN_PROGRESS", "ACTION_SCHEDULED", "INVESTIGATING", "DUPLICATE",
        "NOT_COUNCILS_RESPONSIBILITY", "NO_FURTHER_ACTION", "INTERNAL_REFERRAL", "FOR_TRIAGE", "REOPEN", "CANCELLED",
    }  # fmt: skip
    assert update_status(status=Status.CLOSED, close_kind="solved") == "FIXED"
    assert update_status(status=Status.CLOSED, close_kind="forced") == "CLOSED"
    assert set(UPDATES) == {status.value for status in Status} - {"visiting", "evaluated", "archived"}
    assert ENDED - {Status.ARCHIVED} <= {Status(kind) for kind in UPDATES}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("请联系13812345678或+86 138-1234-5678", "请联系***或***"),
        ("电话027-87654321，李", "电话***，李"),
        ("身份证42010619800101123X", "身份证***"),
        ("邮箱 li.si@example.com.cn。", "邮箱 ***。"),
        ("鄂A12345违停", "***违停"),
        ("卡号6222020200112233445", "卡号***"),
        ("路灯编号20261118，3号楼2单元501", "路灯编号20261118，3号楼2单元501"),
        ("P0101 井盖坏了 2026-11-18 10:00", "P0101 井盖坏了 2026-11-18 10:00"),
    ],
)
def test_numbers_of_people_are_blotted_out_and_nothing_else(said: str, shown: str) -> None:
    assert public_text(said) == shown


@given(st.text("a1@.+-垃 ", max_size=40))
@settings(max_examples=100)
def test_mail_addresses_are_found_as_if_each_sign_could_begin_one(text: str) -> None:
    """The pattern that begins at every sign takes seconds for one long word, and a list has a thousand texts."""
    slow = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
    assert slow.search(public_text(text)) is None
    if re.search(r"\d{7}", text) is None:
        assert public_text(text) == slow.sub("***", text)


@given(st.text())
@settings(max_examples=50)
def test_whatever_a_text_holds_both_formats_carry_it(text: str) -> None:
    kept = without_controls(text)
    assert json.loads(as_json([{"description": kept}])) == [{"description": kept}]
    etree.fromstring(as_xml("errors", [{"description": text}]))  # what no document may hold is left out
    root = etree.fromstring(as_xml("errors", [{"description": kept}]))
    assert [part.tag for part in root] == ["error"]
    assert (root.findtext("error/description") or "") == kept.translate({0xFFFE: None, 0xFFFF: None})


def test_xml_names_the_parts_of_lists_and_empties_what_is_not_known() -> None:
    body = as_xml(
        "services", plain([{"metadata": True, "keywords": None, "at": datetime(2026, 1, 2, 3, tzinfo=UTC)}])
    )
    assert body.endswith(
        b"<services><service><metadata>true</metadata><keywords/><at>2026-01-02T03:00:00Z</at></service></services>"
    )
    assert as_xml("service_requests", []).endswith(b"<service_requests/>")
    ahead = datetime(2026, 1, 2, 11, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=8)))
    assert plain(ahead) == "2026-01-02T03:00:00Z"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-18T02:00:00Z", datetime(2026, 11, 18, 2, tzinfo=UTC)),
        ("2026-11-18T10:00:00+08:00", datetime(2026, 11, 18, 2, tzinfo=UTC)),
        ("2026-11-18T10:00:00 08:00", datetime(2026, 11, 18, 2, tzinfo=UTC)),
        ("2026-11-18T02:00:00.5-00:00", datetime(2026, 11, 18, 2, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-18T02:00:00", None),
        ("2026-11-18", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("T", None),
        ("yesterday", None),
    ],
)
def test_a_time_has_its_zone(text: str, moment: datetime | None) -> None:
    assert instant(text) == moment


def test_a_form_is_read_by_every_way_of_writing_its_names() -> None:
    form = Form(
        fields=(
            ("attribute[A][]", "1"), ("attribute[A]", " 2 "), ("deviceid", ""), ("device_id", "d"), ("api_key", "k"),
            ("media_url[]", "u"), ("media_url", "v\x00"),
        )
    )  # fmt: skip
    assert form.attribute("A") == ("1", "2")
    assert (form.text("deviceid", "device_id"), form.text("none")) == ("d", "")
    assert form.texts("media_url") == ("u", "v\x00")
    assert form.kept()["media_url"] == ["v"]
    assert "api_key" not in form.kept()
    assert "k" not in repr(form)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=8), max_size=4))
@settings(max_examples=30)
def test_json_bodies_are_forms_too(body: dict[str, str]) -> None:
    fields = _json(json.dumps({**body, "lat": 30.10, "attribute": {"X": ["a", 1]}, "no": None}).encode())
    assert set(body) - {"lat", "attribute", "no"} <= {name for name, _ in fields}
    assert {("lat", "30.1"), ("attribute[X]", "a"), ("attribute[X]", "1")} <= set(fields)


@given(st.binary(max_size=40))
@settings(max_examples=80)
def test_no_bytes_break_a_form(body: bytes) -> None:
    codes: set[object] = set()
    for read in (_urlencoded, _json):
        try:
            codes.update(type(part) for field in read(body) for part in field)
        except BadRequest as error:
            codes.add(error.finding.code)
    assert codes <= {str, ProblemCode.BAD_FORM}


def test_a_pack_says_what_its_endpoint_asks(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(
        '[open311]\ncontact = "市运管中心"\npublic = "maybe"\ncondition_required = ["P01*"]\nsecret = 1\n',
        encoding="utf-8",
    )
    book = ProblemBook()
    file = read_toml(folder=tmp_path, name="city.toml", book=book)
    assert file is not None
    found = read_open311(file=file, book=book)
    assert (found.contact, found.condition_required, found.public) == ("市运管中心", ("P01*",), False)
    assert [one.line for one in book.problems] == [3, 5]


def test_names_are_whole_the_way_they_are_written() -> None:
    assert [_name("小明", "王"), _name("San", "Li"), _name("", "Li"), _name("", "")] == [
        "王小明",
        "San Li",
        "Li",
        "",
    ]
    assert listed(" a,b ,,a") == ("a", "b")
    asked = Open311Settings(condition_required=("P01*", "E0110"))
    assert [asked.asks_condition(code) for code in ("P0101", "E0110", "E0111")] == [True, True, False]


def test_the_guide_has_every_state_with_its_words() -> None:
    told: dict[str, tuple[str, str]] = {}
    for line in GUIDE.partition("| our states |")[2].partition("\n## ")[0].splitlines()[2:]:
        if line.startswith("|"):
            states, status, word = (part.strip() for part in line.strip("|").split("|"))
            told.update({state: (status.partition(" ")[0], word) for state in states.split(", ")})
    assert set(told) == {status.value for status in Status}
    for status in Status:
        shown, word = told[status.value]
        assert shown == public_status(status)
        assert UPDATE_STATUS[status] in word or status.value not in UPDATES, status


@pytest.mark.parametrize("code", list(ProblemCode))
def test_every_problem_has_a_status_of_the_standard_or_says_to_try_again(code: ProblemCode) -> None:
    status = status_of(Finding(code=code, params={}))
    assert status in (400, 403, 404, 405, 413, 429, 500, 503)
    if PROBLEMS[code][0] in (401, 403):
        assert status == 403
