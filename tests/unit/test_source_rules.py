"""Sources as data: keys and their networks, waiting for a quota, and what is wrong in sources.toml."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import floor
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.source import KeyKind, Scope, Source, SourceKey, WireFormat
from store.pack import load
from tests.unit.small_pack import problems_of, write
from usecases.plan_changes import changes
from usecases.problems import BadRequest, ProblemCode
from usecases.quotas import wait_s
from usecases.sources import check_mapping, differences

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WUHAN = Path(__file__).parents[2] / "cities" / "wuhan"


KEY = SourceKey(id="k", source="s", kind=KeyKind.API_KEY, created_at=NOW)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("10.2.0.1", False),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_a_key_may_be_used_from_its_networks_only(host: str, allowed: bool) -> None:
    assert replace(KEY, networks=("10.1.0.0/16", "2001:db8::/32")).allows(host) is allowed
    assert KEY.allows(host)


def test_a_key_ends_when_it_expires_or_is_revoked() -> None:
    assert KEY.active(NOW)
    ends = replace(KEY, expires_at=NOW)
    assert ends.active(NOW - timedelta(microseconds=1))
    assert not ends.active(NOW)
    assert not replace(KEY, revoked_at=NOW).active(NOW - timedelta(days=1))


@settings(max_examples=300)
@given(
    amount=st.integers(1, 500),
    cost=st.integers(1, 500),
    before=st.integers(0, 1000),
    count=st.integers(0, 500),
    rest=st.floats(0, 60),
)
def test_after_the_wait_it_fits_and_before_it_does_not(
    *, amount: int, cost: int, before: int, count: int, rest: float
) -> None:
    window_s = 60.0
    assume(cost <= amount)

    def fits(after: float) -> bool:
        if after < rest:
            weighted = floor(before * (rest - after) / window_s) + count
        else:
            weighted = floor(count * max(0.0, window_s + rest - after) / window_s)
        return weighted + cost <= amount

    wait = wait_s(
        amount=amount, cost=cost, window_s=window_s, before=(before, rest), now=(count, window_s + rest)
    )
    assert fits(wait + 0.001)
    assert wait < 0.002 or not fits(wait - 0.001)


GOOD = """
[[source]]
name = "gas"
title_zh = "燃气"
title_en = "Gas"
channel = "hotline"
scopes = ["alerts:write"]
per_minute = 60
form = "cloudevents"

[source.mapping]
subject = "data.device"

[source.severities]
"一级" = 1
"""


def test_a_pack_says_which_sources_there_are_or_has_none(tmp_path: Path) -> None:
    assert load(folder=write(tmp_path)).sources == ()
    (tmp_path / "sources.toml").write_text(GOOD, encoding="utf-8")
    assert problems_of(tmp_path) == []
    assert load(folder=tmp_path).sources == (
        Source(
            name="gas", title_zh="燃气", title_en="Gas", channel="hotline", scopes=(Scope.ALERTS_WRITE,),
            per_minute=60, form=WireFormat.CLOUDEVENTS, mapping={"subject": "data.device"},
            severities={"一级": 1},
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "right", "code"),
    [
        ('name = "gas"', 'name = "Gas Works"', "wrong_value"),
        ('channel = "hotline"', 'channel = "fax"', "unknown_channel"),
        ('"alerts:write"', '"alerts:read"', "unknown_scope"),
        ("per_minute = 60", "per_minute = -1", "wrong_value"),
        ("per_minute = 60", "per_minute = 60\ncitizen = true", "quota_of_citizens"),
        ('form = "cloudevents"', 'form = "soap"', "wrong_value"),
        ('subject = "data.device"', "subject = 3", "wrong_value"),
        ('subject = "data.device"', 'nonsense = "x"', "bad_mapping"),
        ('"一级" = 1', '"一级" = 5', "wrong_value"),
        ("per_minute = 60", "per_minute = 60\nper_hour = 3", "unknown_key"),
    ],
)
def test_what_is_wrong_in_a_source_is_said_at_its_line(
    tmp_path: Path, wrong: str, right: str, code: str
) -> None:
    write(tmp_path)
    (tmp_path / "sources.toml").write_text(GOOD.replace(wrong, right), encoding="utf-8")
    found = problems_of(tmp_path)
    assert [problem.code for problem in found] == [code]
    assert {problem.file for problem in found} == {"sources.toml"}
    assert found[0].line > 1


def test_a_source_twice_is_a_mistake(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "sources.toml").write_text(GOOD + GOOD, encoding="utf-8")
    assert [problem.code for problem in problems_of(tmp_path)] == ["duplicate_source"]


def test_wuhan_has_a_source_for_every_format_and_limits_no_citizen() -> None:
    sources = load(folder=WUHAN).sources
    assert {source.form for source in sources} == set(WireFormat)
    assert not [one.name for one in sources if one.citizen and (one.per_minute or one.per_day)]
    assert {one.channel for one in sources if one.citizen} == {
        "hotline",
        "message_board",
        "weilinli",
        "open311",
    }


def test_a_difference_names_the_field_and_both_values() -> None:
    before = Source(name="gas", channel="sensor", mapping={"subject": "a"}, mapping_version=4)
    after = Source(name="gas", channel="sensor", per_minute=5, mapping={"subject": "b"}, created_at=NOW)
    assert differences(before=before, after=after) == [
        "per_minute: 0 → 5", "mapping: subject=a → subject=b",
    ]  # fmt: skip
    assert differences(before=after, after=after) == []
    assert len(differences(before=None, after=after)) == 1


@pytest.mark.parametrize(
    ("mapping", "severities"), [({"nonsense": "x"}, {}), ({"subject": 3}, {}), ({}, {"一级": 0})]
)
def test_a_mapping_nothing_could_be_read_with_is_refused(
    mapping: dict[str, str], severities: dict[str, int]
) -> None:
    with pytest.raises(BadRequest) as caught:
        check_mapping(mapping=mapping, severities=severities)
    assert caught.value.finding.code is ProblemCode.BAD_MAPPING


def test_a_plan_names_the_source_that_is_new_and_the_field_that_changed(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "sources.toml").write_text(GOOD, encoding="utf-8")
    before = load(folder=tmp_path)
    more = GOOD.replace('"gas"', '"water"').replace("per_minute = 60", "per_minute = 6")
    (tmp_path / "sources.toml").write_text(GOOD.replace("60", "61") + more, encoding="utf-8")
    found = changes(before=before, after=load(folder=tmp_path))
    said = {(one.name, one.field, one.before) for one in found if one.section == "sources"}
    assert said == {("gas", "per_minute", "60"), ("water", "", None)}
