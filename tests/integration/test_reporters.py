"""Who reported: masked, called without the number, revealed with a reason that stays on record; and the log itself."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from domain.account import Grant, Permission, Post, Principal
from domain.report import Reporter
from domain.views import CaseView, Record
from store.engine import Store
from tests.integration.people_city import city_of
from tests.integration.store_samples import NOW, case_no, record, report, report_no, view
from usecases import deeds, reporters
from usecases.city import City, Grounds
from usecases.deeds import DeedFilter
from usecases.problems import BadRequest, ProblemCode
from usecases.reporters import RevealedReporter, call_link, in_digits, mask_name, mask_phone

OWNER = "420102-URBAN_MGMT"


def somebody(post: Post, unit: str = "4201-COMMAND") -> Principal:
    return Principal(account=f"{post.value}-1", name="王", grants=(Grant(post=post, unit=unit),))


OPERATOR, HANDLER = somebody(Post.OPERATOR), somebody(Post.STAFF, OWNER)
AUDIT = somebody(Post.AUDIT_ADMIN)


@pytest.fixture
def city(store: Store, wuhan: Grounds) -> City:
    """Return a city with one case of two reporters, the second of whom asked to stay unnamed."""
    second = Reporter(name="赵六", phone="13911112222", confidential=True)
    store.accept_many(reports=[report(1), report(2, reporter=second)])
    for n in (1, 2):
        store.record(record=record(n, owner=OWNER, district="420102"))
    return replace(city_of(wuhan, store), call_bridge="02712345,,{ref}")


def the_case(city: City) -> CaseView:
    found = city.store.case(case_no=case_no(1))
    assert found is not None
    return found


def refused(city: City, who: Principal, *, reason: str = "回拨核实地点", n: int = 1) -> ProblemCode:
    with pytest.raises(BadRequest) as refusal:
        reporters.reveal(city=city, who=who, report_no=report_no(n), reason=reason)
    return refusal.value.finding.code


def test_a_reporter_is_masked_and_called_without_the_number(city: City) -> None:
    (one,) = reporters.contacts(city=city, who=HANDLER, view=the_case(city))
    assert (one.name, one.phone, one.report_no) == ("李**", "138****0000", report_no(1))
    assert one.call == f"tel:02712345,,{in_digits(report_no(1))}"
    assert "13800000000" not in repr(one) + one.call
    without = replace(city, call_bridge="")
    (one,) = reporters.contacts(city=without, who=HANDLER, view=the_case(city))
    assert (one.call, one.reference, one.reachable) == ("", report_no(1), True)


def test_whoever_may_not_know_reporters_or_not_here_is_told_nothing(city: City) -> None:
    elsewhere = somebody(Post.STAFF, "420106-SANITATION")
    for who in (somebody(Post.CHECKER), somebody(Post.AUDITOR), elsewhere):
        assert reporters.contacts(city=city, who=who, view=the_case(city)) == ()
    assert refused(city, somebody(Post.CHECKER)) is ProblemCode.NOT_PERMITTED
    assert refused(city, elsewhere) is ProblemCode.OUTSIDE_SCOPE


def test_a_reveal_needs_a_reason_and_stays_on_record(city: City) -> None:
    assert refused(city, HANDLER, reason=" 看 ") is ProblemCode.REVEAL_REASON
    assert deeds.logged(city=city, who=AUDIT, where=DeedFilter()).deeds == ()
    shown = reporters.reveal(city=city, who=HANDLER, report_no=report_no(1), reason="回拨核实地点")
    assert shown == RevealedReporter(report_no=report_no(1), name="李", phone="13800000000", email="")
    (deed,) = deeds.logged(city=city, who=AUDIT, where=DeedFilter(kind=reporters.KIND)).deeds
    assert (deed.account, deed.object, deed.reason) == ("staff-1", report_no(1), "回拨核实地点")
    assert deed.detail == {"case": case_no(1)}
    assert "138" not in str(deed.detail) + deed.reason


def test_who_asked_to_stay_unnamed_is_known_to_the_desk_and_never_to_the_unit(city: City) -> None:
    unnamed = view(2, owner=OWNER, district="420102", seq=9)
    city.store.record(record=Record(view=unnamed, facts=(), notices=()))
    (told,) = reporters.contacts(city=city, who=HANDLER, view=unnamed)
    assert (told.withheld, told.name, told.phone, told.call, told.reachable) == (True, "", "", "", False)
    assert refused(city, HANDLER, n=2) is ProblemCode.REPORTER_WITHHELD
    leads = somebody(Post.LEADER, OWNER)
    assert refused(city, leads, n=2) is ProblemCode.REPORTER_WITHHELD
    (known,) = reporters.contacts(city=city, who=OPERATOR, view=unnamed)
    assert (known.withheld, known.phone, known.confidential) == (False, "139****2222", True)
    assert (
        reporters.reveal(city=city, who=OPERATOR, report_no=report_no(2), reason="上级交办核实").name
        == "赵六"
    )


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13800000000", "138****0000"),
        ("+86 138 0000 0000", "138****0000"),
        ("027-8577 1234", "027****1234"),
        ("8577123", "85****23"),
        ("12345", "****45"),
        ("110", "****"),
        ("", ""),
        ("unbekannt", ""),
    ],
)
def test_a_number_shows_its_ends_only(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


def test_a_name_shows_its_first_character() -> None:
    assert [mask_name(one) for one in (" 欧阳修 ", "Li Lei", "")] == ["欧**", "L**", ""]


def test_a_bridge_is_dialled_in_digits_or_asked_at_an_address() -> None:
    number = "20261122-00G5-K7Q2"
    # 0·32⁷ + 0·32⁶ + 16·32⁵ + 5·32⁴ + 19·32³ + 7·32² + 23·32 + 2, by Crockford's digits
    assert in_digits(number) == "20261122" + "0000542744290"[-13:]
    assert call_link(template="https://phone.example/call?ref={ref}", report_no=number).endswith(number)
    assert call_link(template="", report_no=number) == ""
    assert call_link(template="02712345", report_no=number) == ""


def test_the_log_is_read_by_the_audit_administrator_alone_by_page_and_filter(city: City) -> None:
    for n in range(5):
        moment = replace(city, now=partial(NOW.__add__, timedelta(minutes=n)))
        deeds.note(city=moment, who=OPERATOR, kind="export", object=f"list-{n}", detail={"rows": n})
    deeds.note(city=city, who="nobody", kind="sign_in_failed", reason="wrong\npassword")
    first = deeds.logged(city=city, who=AUDIT, where=DeedFilter(), limit=4)
    rest = deeds.logged(city=city, who=AUDIT, where=DeedFilter(), limit=4, cursor=first.next_cursor)
    assert [one.kind for one in first.deeds] == ["sign_in_failed", *["export"] * 3]
    assert (len(rest.deeds), rest.next_cursor) == (2, None)
    assert first.deeds[0].reason == "wrong password"
    period = DeedFilter(
        account="operator-1", since=NOW + timedelta(minutes=1), until=NOW + timedelta(minutes=3)
    )
    inside = deeds.logged(city=city, who=AUDIT, where=period).deeds
    assert [one.object for one in inside] == ["list-2", "list-1"]
    with pytest.raises(BadRequest) as refusal:
        deeds.logged(city=city, who=AUDIT, where=DeedFilter(), cursor="next; drop")
    assert refusal.value.finding.code is ProblemCode.BAD_CURSOR
    for post in set(Post) - {Post.AUDIT_ADMIN}:
        assert not somebody(post).may(Permission.AUDIT)
    with pytest.raises(BadRequest) as refusal:
        deeds.logged(city=city, who=somebody(Post.SECURITY_ADMIN), where=DeedFilter())
    assert refusal.value.finding.code is ProblemCode.NOT_PERMITTED
