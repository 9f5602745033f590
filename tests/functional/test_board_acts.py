"""From the board: a supervision order and another severity reach the running case, and its rules decide."""

import re

import httpx
import pytest

from boot.stack import Stack
from tests.functional.lives import UNCHECKED, signed_in
from tests.functional.town import Town
from tests.people import sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]
FIELDS = re.compile(r'name="(csrf|request_id)" value="([^"]+)"')


async def test_an_order_and_a_regrading_from_the_board(stack: Stack, town: Town) -> None:
    case = await signed_in(town, UNCHECKED)
    number = case["case_no"]
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=60) as http:
        await sign_in(http, "supervisor.city")
        form = await http.get(f"/board/cases/{number}/open_supervision")
        fields = {**dict(FIELDS.findall(form.text)), "text": "今日内办结并回复"}
        for _ in range(2):  # pressed twice, sent once
            done = await http.post(f"/board/cases/{number}/open_supervision", data=fields)
            assert done.status_code == 200, done.text[:500]
            assert "data-done" in done.text
        form = await http.get(f"/board/cases/{number}/regrade")
        fields = {**dict(FIELDS.findall(form.text)), "text": "影响交通", "severity": "2"}
        assert (await http.post(f"/board/cases/{number}/regrade", data=fields)).status_code == 200
    facts = await town.facts(number)
    assert [fact["data"]["text"] for fact in facts if fact["kind"] == "supervision_opened"] == [
        "今日内办结并回复"
    ]
    assert (await town.case(number))["severity"] == 2
