"""Accounts and posts, on both databases: what may stand together, who is left, what ends at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from boot.cli import app
from boot.people import publish_people, read_people
from boot.settings import Settings
from domain.account import Grant, Permission, Post, Principal
from domain.org import OrgTree
from store.engine import Store
from tests.integration.people_city import (
    COMMAND,
    FIRST,
    KEEPER,
    NOW,
    PASSWORD,
    PLAIN,
    city_of,
    code_at,
    entered,
    opened,
    quick_hashing,
    wrong_code,
)
from usecases.accounts import (
    close_account,
    found,
    give_post,
    link_subject,
    listed,
    open_account,
    reopen_account,
    reset_password,
    take_post,
)
from usecases.city import City, Grounds
from usecases.deeds import DeedFilter
from usecases.demo_people import DEMO_PASSWORD, demo_people, one_of_each, sign_in_as
from usecases.problems import BadRequest
from usecases.profile import (
    begin_factor,
    change_password,
    confirm_factor,
    drop_factor,
    end_other_sessions,
    factor_begun,
    prefer,
    profile,
)
from usecases.sign_in import FactorNeeded, MustChange, nobody_yet, principal_of, sign_in

__all__ = ["quick_hashing"]
STAFF = Grant(post=Post.STAFF, unit="420102-DRAINAGE")


@pytest.fixture
def city(wuhan: Grounds, store: Store) -> City:
    return city_of(wuhan, store)


def code_of(call: Callable[..., object], **given: object) -> str:
    with pytest.raises(BadRequest) as refused:
        call(**given)
    return refused.value.finding.code.value


def post_of(city: City, who: Principal = KEEPER, **given: object) -> str:
    return code_of(give_post, city=city, who=who, account="wang", grant=Grant(**given))  # type: ignore[arg-type]


def test_an_account_is_opened_with_a_first_password_that_must_be_changed(city: City) -> None:
    first = open_account(city=city, who=KEEPER, account="Wang", name="王一", posts=[STAFF], at=NOW)
    assert isinstance(sign_in(city=city, account="wang", password=first, at=NOW), MustChange)
    opening = {"city": city, "who": KEEPER, "name": "", "posts": [], "at": NOW}
    assert code_of(open_account, account="wang", **opening) == "account_exists"
    assert code_of(open_account, account="王", **opening) == "bad_account"
    assert code_of(open_account, account="li", password="kurz", **opening) == "password_weak"
    assert [one.account for one in listed(city=city, who=KEEPER)] == ["wang"]
    (deed,) = city.store.deeds(where=DeedFilter(kind="account_opened"), limit=9).deeds
    assert (deed.account, deed.object, deed.detail) == (
        "console",
        "wang",
        {"posts": ["staff 420102-DRAINAGE"]},
    )


def test_only_the_security_administrator_changes_accounts(city: City) -> None:
    opened(city)
    for post in Post:
        if post is Post.SECURITY_ADMIN:
            continue
        who = Principal(account="x", name="x", grants=(Grant(post=post, unit=COMMAND),))
        assert not who.may(Permission.ACCOUNTS)
        assert code_of(listed, city=city, who=who) == "not_permitted"
        assert code_of(reset_password, city=city, who=who, account="wang", at=NOW) == "not_permitted"
        assert post_of(city, who, post=Post.OPERATOR, unit=COMMAND) == "not_permitted"


def test_posts_stand_at_units_and_areas_there_are_and_administrators_alone(city: City) -> None:
    opened(city)
    assert post_of(city, post=Post.OPERATOR, unit="nowhere") == "bad_grant"
    assert post_of(city, post=Post.CHECKER, unit=COMMAND, areas=("420106", "9")) == "bad_grant"
    assert post_of(city, post=Post.AUDIT_ADMIN, unit=COMMAND) == "post_conflict"
    zones = Grant(post=Post.CHECKER, unit=COMMAND, areas=("420106", "ZONE-EASTLAKE-HT"))
    held = give_post(city=city, who=KEEPER, account="wang", grant=zones)
    assert held == (STAFF, zones) or set(held) == {STAFF, zones}
    again = give_post(city=city, who=KEEPER, account="wang", grant=replace(zones, areas=()))
    assert {grant.areas for grant in again} == {()}
    left = take_post(city=city, who=KEEPER, account="wang", post=Post.CHECKER, unit=COMMAND)
    assert left == (STAFF,)
    gone = {"city": city, "who": KEEPER, "account": "wang", "post": Post.CHECKER, "unit": COMMAND}
    assert code_of(take_post, **gone) == "bad_grant"


def test_a_post_given_or_taken_holds_in_sessions_under_way(city: City) -> None:
    opened(city)
    token = entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW)).token
    give_post(city=city, who=KEEPER, account="wang", grant=Grant(post=Post.OPERATOR, unit=COMMAND))
    held = principal_of(city=city, token=token, at=NOW)
    assert held is not None
    assert held.who.may(Permission.FILE)
    take_post(city=city, who=KEEPER, account="wang", post=Post.OPERATOR, unit=COMMAND)
    held = principal_of(city=city, token=token, at=NOW)
    assert held is not None
    assert not held.who.may(Permission.FILE)


def test_somebody_always_keeps_the_accounts_also_when_two_close_each_other(city: City) -> None:
    keepers = [opened(city, name, Post.SECURITY_ADMIN, COMMAND) for name in ("keeper1", "keeper2")]
    with ThreadPoolExecutor(2) as threads:
        tries = [threads.submit(_closed, city, name) for name in keepers]
        told = sorted(one.result() for one in tries)
    assert told == ["closed", "last_keeper"]
    (left,) = city.store.accounts_holding(post=Post.SECURITY_ADMIN)
    gone = {"city": city, "who": KEEPER, "account": left, "post": Post.SECURITY_ADMIN, "unit": COMMAND}
    assert code_of(take_post, **gone) == "last_keeper"
    closed = next(name for name in keepers if name != left)
    reopen_account(city=city, who=KEEPER, account=closed)
    close_account(city=city, who=KEEPER, account=left)


def _closed(city: City, name: str) -> str:
    try:
        close_account(city=city, who=KEEPER, account=name)
    except BadRequest as error:
        return error.finding.code.value
    return "closed"


def test_accounts_are_found_by_name_unit_post_and_state(city: City) -> None:
    opened(city)
    opened(city, "li", Post.OPERATOR, COMMAND)
    close_account(city=city, who=KEEPER, account="li")

    def names(**given: str) -> list[str]:
        return [one.account for one in found(city=city, who=KEEPER, at=NOW, **given)]

    assert names() == ["li", "wang"]
    assert (
        names(text="排水") == names(text="420102-d") == names(post="staff") == names(state="open") == ["wang"]
    )
    assert names(state="closed") == ["li"]
    assert names(state="locked") == []


def test_one_changes_ones_own_password_with_the_old_one_and_others_are_signed_out(city: City) -> None:
    opened(city)
    here, there = (entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW)) for _ in range(2))
    change = {"city": city, "who": here.who, "at": NOW}
    assert code_of(change_password, old="falsch", new="Ganz-Neu-2026", **change) == "bad_credentials"
    assert code_of(change_password, old=PASSWORD, new=PASSWORD, **change) == "password_reused"
    new = change_password(city=city, who=here.who, old=PASSWORD, new="Ganz-Neu-2026", at=NOW)
    assert new.token not in (here.token, there.token)
    assert [principal_of(city=city, token=one.token, at=NOW) for one in (here, there)] == [None, None]
    assert principal_of(city=city, token=new.token, at=NOW) is not None


def test_one_sets_a_second_factor_up_uses_it_and_gives_it_up(city: City) -> None:
    opened(city)
    who = entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW)).who
    assert code_of(begin_factor, city=city, who=who, password="falsch", at=NOW) == "bad_credentials"
    assert factor_begun(city=city, who=who, at=NOW) is None
    begun = begin_factor(city=city, who=who, password=PASSWORD, at=NOW)
    assert factor_begun(city=city, who=who, at=NOW) == begun
    assert factor_begun(city=city, who=replace(who, session="other"), at=NOW) is None
    wrong = wrong_code(begun.secret, NOW)
    assert code_of(confirm_factor, city=city, who=who, code=wrong, at=NOW) == "factor_wrong"
    codes = confirm_factor(city=city, who=who, code=code_at(begun.secret, NOW), at=NOW)
    assert isinstance(sign_in(city=city, account="wang", password=PASSWORD, at=NOW), FactorNeeded)
    assert code_of(drop_factor, city=city, who=who, code=wrong, at=NOW) == "factor_wrong"
    needed = replace(city, access=replace(PLAIN, factor_posts=frozenset({Post.STAFF})))
    assert code_of(drop_factor, city=needed, who=who, code=codes[0], at=NOW) == "factor_needed"
    drop_factor(city=city, who=who, code=codes[0], at=NOW)
    entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW))


def test_one_sees_ones_sessions_ends_the_others_and_keeps_what_one_prefers(city: City) -> None:
    opened(city)
    first, second = (
        entered(sign_in(city=city, account="wang", password=PASSWORD, at=NOW, device=name))
        for name in ("Firefox", "Chrome · Android")
    )
    shown = profile(city=city, who=second.who, at=NOW)
    assert {one.device for one in shown.sessions} == {"Firefox", "Chrome · Android"}
    assert end_other_sessions(city=city, who=second.who, at=NOW) == 1
    assert principal_of(city=city, token=first.token, at=NOW) is None
    prefer(city=city, who=second.who, language="en", preferences={"theme": "dark"})
    prefer(city=city, who=second.who, language="en", preferences={"keys": "off"})
    held = principal_of(city=city, token=second.token, at=NOW)
    assert held is not None
    assert (held.who.language, held.preferences) == ("en", {"theme": "dark", "keys": "off"})
    bad = {"city": city, "who": second.who, "language": "en", "preferences": {"theme": "pink"}}
    assert code_of(prefer, **bad) == "invalid_parameter"


def test_a_subject_needs_a_provider(city: City) -> None:
    opened(city)
    assert code_of(link_subject, city=city, who=KEEPER, account="wang", subject="s-1") == "bad_grant"


def test_a_demonstration_has_its_people_and_nothing_of_them_works_outside_it(
    wuhan_settings: Settings, wuhan: Grounds, store: Store
) -> None:
    demo = wuhan_settings.model_copy(update={"demo_mode": True})
    publish_people(settings=demo, store=store)
    publish_people(settings=demo, store=store)
    shown = city_of(wuhan, store, replace(PLAIN, demo_mode=True))
    people = demo_people(city=shown)
    assert {one.grants[0].post for one in people} == set(Post)
    assert len(people) == len(read_people(folder=wuhan_settings.pack, pack=wuhan.pack)) == 25
    token = entered(sign_in(city=shown, account="operator1", password=DEMO_PASSWORD, at=NOW)).token
    clicked = sign_in_as(city=shown, account="admin.audit", at=NOW)
    assert clicked.who.may(Permission.AUDIT)
    outside = city_of(wuhan, store)
    assert demo_people(city=outside) == ()
    assert nobody_yet(city=outside)
    for _ in range(2):
        assert principal_of(city=outside, token=token, at=NOW) is None
        assert code_of(sign_in_as, city=outside, account="operator1", at=NOW) == "bad_credentials"
        attempt = {"city": outside, "account": "operator1", "password": DEMO_PASSWORD, "at": NOW}
        assert code_of(sign_in, **attempt) == "bad_credentials"
        publish_people(settings=wuhan_settings, store=store)
    assert all(one.disabled for one in store.accounts())
    publish_people(settings=demo, store=store)
    entered(sign_in(city=shown, account="operator2", password=DEMO_PASSWORD, at=NOW))


def test_a_person_s_account_is_never_taken_over_by_a_demonstration(
    wuhan_settings: Settings, wuhan: Grounds, store: Store
) -> None:
    city = city_of(wuhan, store)
    opened(city, "operator1", Post.OPERATOR, COMMAND)
    publish_people(settings=wuhan_settings.model_copy(update={"demo_mode": True}), store=store)
    shown = replace(city, access=replace(PLAIN, demo_mode=True))
    assert code_of(sign_in_as, city=shown, account="operator1", at=NOW) == "bad_credentials"
    entered(sign_in(city=city, account="operator1", password=PASSWORD, at=NOW))
    assert not nobody_yet(city=city)


def test_a_pack_that_names_nobody_gets_one_of_each_post(wuhan: Grounds) -> None:
    people = one_of_each(tree=wuhan.pack.tree)
    assert [one.grant.post for one in people] == list(Post)
    assert {one.grant.unit for one in people} == {COMMAND}
    assert one_of_each(tree=OrgTree(areas=wuhan.pack.areas)) == ()


def test_the_command_line_makes_the_first_account_and_takes_no_password_as_argument(
    wuhan_settings: Settings, sqlite_url: str
) -> None:
    env = {
        "CITYOPS_DATABASE_URL": sqlite_url, "CITYOPS_DATA_DIR": str(wuhan_settings.data_dir), "COLUMNS": "200",
        "CITYOPS_DEMO_MODE": "false",
    }  # fmt: skip

    def run(*words: str, stdin: str = "") -> tuple[int, str]:
        result = CliRunner().invoke(app, ["account", *words], env=env, input=stdin)
        return result.exit_code, result.output

    code, said = run("add", "keeper", "--post", "security_admin")
    assert code == 0
    assert len(said.splitlines()[-1]) == 19
    staff = ("wang", "--post", "staff", "--unit", STAFF.unit, "--password-stdin")
    assert run("add", *staff, stdin=f"{FIRST}\n")[0] == 0
    assert run("grant", "wang", "checker", "--unit", COMMAND, "--area", "420106")[0] == 0
    code, shown = run("list")
    assert code == 0
    assert "420106" in shown
    code, said = run("close", "keeper")
    assert code == 1
    assert "最后一名安全管理员" in said
    assert run("password", "wang", "--password-stdin", stdin="kurz\n")[0] == 1
    assert run("add", "li", "--password", FIRST)[0] == 2
