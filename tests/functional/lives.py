"""Stretches of a case's life that several tests need behind them."""

from typing import Any

from tests.functional.town import OPERATOR, Json, Town, checker, handler, supervisor

CHECKED, UNCHECKED = "E0110", "H-MKT-01"
"""A category that is looked at on site before it is closed, and one that is not."""


async def signed_in(town: Town, category: str = CHECKED, **given: Any) -> Json:
    """Return a case that its owner has signed in for and works on."""
    case = await town.dispatched(category, **given)
    return await town.act(case["case_no"], "sign_in", handler(case["owner"]), assignee="crew-7")


async def submitted(town: Town, category: str = CHECKED, **given: Any) -> Json:
    """Return a case with a result: in check where its category is looked at on site."""
    case = await signed_in(town, category, **given)
    return await town.act(
        case["case_no"], "submit_result", handler(case["owner"]), result="已清理", contacted=True
    )


async def closed(town: Town, **given: Any) -> Json:
    """Return a case that passed its check; its reporters are visited now, where there are any."""
    return await checked(town, await submitted(town, **given))


async def checked(town: Town, case: Json, *, passed: bool = True, by: str = "", **given: Any) -> Json:
    """Record what the case's checker saw on site, with a photo from the place; return the case after it."""
    fields = {"passed": passed, "note": "清理干净" if passed else "仍有残留", **seen(case), **given}
    return await town.act(case["case_no"], "record_check", by or checker(case["checker"]), **fields)


def seen(case: Json) -> Json:
    """Return the evidence of a look on site: a photo, and where it was taken."""
    return {"photos": ["photo://check-1"], "lon": case["place"]["lon"], "lat": case["place"]["lat"]}


async def supervised(town: Town, case_no: str) -> Json:
    """Reply to every open supervision order and have each sealed; return the case after it."""
    case = await town.case(case_no)
    for order in case["aspects"]["supervisions"]:
        of = {"supervision": order["id"]}
        if order["status"] == "open":
            await town.act(case_no, "reply_supervision", handler(order["unit"]), reply="已派员到场处置", **of)
        if order["status"] != "closed":
            await town.act(case_no, "review_supervision", supervisor(order["by"]), accepted=True, **of)
    return await town.case(case_no)


async def visited(town: Town, case: Json, report_no: str, **said: Any) -> Json:
    """Record a try to reach a reporter, and return the case after it."""
    fields = {"report_no": report_no, "reached": True, "solved": True, "grade": 5, **said}
    return await town.act(case["case_no"], "record_visit", OPERATOR, **fields)


def rows(facts: list[Json]) -> list[int]:
    """Return the rows of the transition table that moved the case, in order."""
    return [fact["row"] for fact in facts if fact["source"] != fact["target"]]
