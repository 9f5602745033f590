"""Where the stack does not run as a demonstration: nobody reads or acts without a session or a key."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from boot.stack import Stack
from domain.account import Grant, Post
from store.engine import Store, open_store
from store.rows_people import Account, Session
from tests.functional.outside import new_source
from tests.functional.town import OPERATOR, Town, headers, is_problem
from usecases.signing import digest_of

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """People of a stack who are signed in."""

    store: Store

    def signed_in(self, post: Post, unit: str) -> dict[str, str]:
        """Open an account with a post, and return what a program with its session shows."""
        account, token, csrf = (secrets.token_hex(8) for _ in range(3))
        now = datetime.now(UTC)
        grants = (Grant(post=post, unit=unit),)
        self.store.add_account(account=Account(account=account, name="李", created_at=now, grants=grants))
        session = Session(
            digest=digest_of(token), account=account, generation=0, strong=True, csrf=csrf, created_at=now,
            seen_at=now, expires_at=now + timedelta(hours=1), idle_s=3600,
        )  # fmt: skip
        self.store.open_session(session=session)
        return {"cookie": f"cityops_session={token}", "x-csrf-token": csrf}


@pytest.fixture
def people(stack: Stack) -> Iterator[People]:
    url = stack.part("api").env["CITYOPS_DATABASE_URL"]
    store = open_store(url or f"sqlite:///{stack.data / 'cityops.db'}")
    yield People(store=store)
    store.close()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(is_problem(answer)["code"])


async def test_a_header_names_no_actor(town: Town, strict: httpx.AsyncClient) -> None:
    case = await town.dispatched()
    path = f"/api/v1/cases/{case['case_no']}/commands"
    body = {"kind": "cancel_case", "reason": "x"}
    by_header = headers(actor=OPERATOR)
    assert refusal(await strict.post(path, json=body, headers=by_header)) == (
        403,
        "header_actor_outside_demo",
    )
    assert refusal(await strict.post(path, json=body)) == (401, "sign_in_needed")
    inbox = await strict.get("/api/v1/units/4201-COMMAND/messages", headers=by_header)
    assert refusal(inbox) == (403, "header_actor_outside_demo")
    assert (await town.case(case["case_no"]))["status"] == "dispatched"


async def test_nobody_reads_cases_and_what_hangs_on_them(town: Town, strict: httpx.AsyncClient) -> None:
    number = (await town.dispatched())["case_no"]
    under = ("", "/history", "/reports", "/children", "/supplements", "/attachments", "/docks")
    paths = [f"/api/v1/cases/{number}{rest}" for rest in under]
    paths += [f"/api/v1/{rest}" for rest in ("cases", "alarms", "devices", "dead-letters", "instructions")]
    answers = {path: refusal(await strict.get(path)) for path in paths}
    assert set(answers.values()) == {(401, "sign_in_needed")}, answers
    assert refusal(await strict.get(f"/api/v1/reports/{number}")) == (401, "key_required")
    for path in ("/livez", "/api/v1/city", "/api/v1/categories", "/openapi.json"):
        assert (await strict.get(path)).status_code == 200, path


async def test_the_owners_people_act_by_their_session_and_nobody_else(
    town: Town, strict: httpx.AsyncClient, people: People
) -> None:
    case = await town.dispatched()
    path = f"/api/v1/cases/{case['case_no']}"
    mine = people.signed_in(Post.STAFF, case["owner"])
    other = people.signed_in(Post.STAFF, "4201-LIGHTING")
    auditor = people.signed_in(Post.AUDITOR, "4201-COMMAND")
    seen = (await strict.get(path, headers=mine)).json()
    assert "sign_in" in {one["kind"] for one in seen["actions"]}
    assert "cancel_case" not in {one["kind"] for one in seen["actions"]}
    assert refusal(await strict.get(path, headers=other)) == (403, "outside_scope")
    assert (await strict.get(path, headers=auditor)).json()["actions"] == []
    sign_in = {"kind": "sign_in"}
    without = {"cookie": mine["cookie"]}
    assert refusal(await strict.post(f"{path}/commands", json=sign_in, headers=without)) == (
        403,
        "csrf_failed",
    )
    assert refusal(await strict.post(f"{path}/commands", json=sign_in, headers=other)) == (
        403,
        "outside_scope",
    )
    assert refusal(await strict.post(f"{path}/commands", json=sign_in, headers=auditor)) == (
        403,
        "not_permitted",
    )
    done = await strict.post(f"{path}/commands", json=sign_in, headers={**mine, "idempotency-key": "k"})
    assert (done.status_code, done.json()["case"]["status"]) == (200, "accepted")
    again = await strict.post(f"{path}/commands", json=sign_in, headers={**mine, "idempotency-key": "k"})
    assert again.status_code == 200
    theirs = await strict.post(f"{path}/commands", json={"kind": "cancel_case", "reason": "x"}, headers=mine)
    assert refusal(theirs) == (403, "role_not_allowed")


async def test_reports_are_taken_from_a_source_that_shows_its_key(
    town: Town, stack: Stack, strict: httpx.AsyncClient
) -> None:
    spot = await town.spot()
    body = {"channel": "console", "category": "E0110", "description": "垃圾", "place": spot.place}
    assert refusal(await strict.post("/api/v1/reports", json=body)) == (401, "key_required")
    key = await new_source(stack, "front-desk", channel="console", scope="reports:write")
    answer = await strict.post("/api/v1/reports", json=body, headers={"x-api-key": key})
    assert answer.status_code == 201
    await town.wait(answer.json()["case_no"], "dispatched")
    path = f"/api/v1/reports/{answer.json()['report_no']}"
    assert (await strict.get(path, headers={"x-api-key": key})).json()["status"] == "dispatched"
    other = await new_source(stack, "back-desk", channel="console", scope="reports:write")
    assert refusal(await strict.get(path, headers={"x-api-key": other})) == (404, "report_not_found")
