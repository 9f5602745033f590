"""Clients of Open311 that are no Python packages, written from what they are known to send and to expect.

FixMyStreet's consumer speaks XML only and puts its suffix behind a base address; the poller of
open311status makes its window smaller while an answer is as long as it thinks a page is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from lxml import etree

from usecases.open311.statuses import UPDATE_STATUS

Element = etree._Element
STATES = {*UPDATE_STATUS.values(), "FIXED"}
PAGE = 50


class Refused(Exception):
    """The other side said no; ``told`` are its codes and descriptions."""

    def __init__(self, status: int, told: list[tuple[str, str]]) -> None:
        super().__init__(f"{status}: {told}")
        self.status, self.told = status, told


def text(element: Element, name: str) -> str:
    """Return the text of a child; an empty one is empty."""
    return element.findtext(name) or ""


def w3c(moment: datetime) -> str:
    """Write a time as such clients do."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(kw_only=True)
class FixMyStreet:
    """Its reports by our numbers, and what it has been told of each."""

    http: httpx.AsyncClient
    base: str
    api_key: str
    jurisdiction: str = "wuhan"
    told: dict[str, list[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    last: dict[str, str] = field(default_factory=dict)

    async def categories(self) -> dict[str, dict[str, list[str]]]:
        """Populate the list of services: the questions of each, with their choices by key."""
        found: dict[str, dict[str, list[str]]] = {}
        for service in (await self._get("services.xml")).findall("service"):
            code = text(service, "service_code")
            assert code
            assert text(service, "service_name")
            assert text(service, "type") == "realtime"
            assert text(service, "metadata") in ("true", "false")
            found[code] = {}
        return found

    async def questions(self, code: str) -> dict[str, list[str]]:
        """Return the questions of one service."""
        definition = await self._get(f"services/{code}.xml")
        assert text(definition, "service_code") == code
        found = {}
        for one in definition.iterfind("attributes/attribute"):
            assert text(one, "datatype") in (
                "string",
                "number",
                "datetime",
                "text",
                "singlevaluelist",
                "multivaluelist",
            )
            assert text(one, "variable") == "true"
            assert text(one, "required") in ("true", "false")
            found[text(one, "code")] = [text(value, "key") for value in one.iterfind("values/value")]
        return found

    async def send_report(self, code: str, lat: float, long: float, **given: Any) -> str:
        """Send a report; return its number, asking for it where only a token came back."""
        root = await self._post(
            "requests.xml", service_code=code, lat=str(lat), long=str(long),
            description=given.pop("description", "title: 路灯不亮\r\n\r\ndetail: 三天了 & <很暗>\r\n\r\nSubmitted via FixMyStreet"),
            address_id="#NOTPINPOINTED#", deviceid=given.pop("deviceid", "fms-1"), **given,
        )  # fmt: skip
        request = root.find("request")
        assert request is not None
        number = text(request, "service_request_id")
        if not number:
            tokens = await self._get(f"tokens/{text(request, 'token')}.xml")
            number = tokens.findtext("request/service_request_id") or ""
        self.told[number] = []
        return number

    async def fetch_updates(self, since: datetime, until: datetime) -> None:
        """Fetch what is new; each update once by its id, one older than the last it knows changes nothing."""
        root = await self._get(
            "servicerequestupdates.xml", start_date=w3c(since), end_date=w3c(until), api_key=self.api_key
        )
        for one in root.findall("request_update"):
            update, number = text(one, "update_id"), text(one, "service_request_id")
            assert update
            assert text(one, "status") in STATES
            assert text(one, "description")
            if number in self.told and update not in self.seen:
                self.seen.add(update)
                written = text(one, "updated_datetime")
                assert written.endswith("Z")
                if written >= self.last.get(number, ""):
                    self.told[number].append(text(one, "status"))
                    self.last[number] = written

    async def send_comment(self, number: str, update: str, status: str, words: str, at: datetime) -> str:
        """Send a comment; return the other side's id of it."""
        root = await self._post(
            "servicerequestupdates.xml", service_request_id=number, update_id=update, status=status,
            description=words, updated_datetime=w3c(at), email="li@example.com", last_name="Li", first_name="San",
            public_anonymity_required="FALSE", service_request_id_ext="9", title="",
        )  # fmt: skip
        return root.findtext("request_update/update_id") or ""

    async def fetch_requests(self, **given: str) -> list[Element]:
        """Fetch requests, of a stretch of time or by their numbers."""
        return list((await self._get("requests.xml", **given)).findall("request"))

    async def _get(self, path: str, **given: str) -> Element:
        answer = await self.http.get(
            f"{self.base}{path}", params={"jurisdiction_id": self.jurisdiction, **given}
        )
        return _root(answer)

    async def _post(self, path: str, *, files: Any = None, **given: Any) -> Element:
        body = {"jurisdiction_id": self.jurisdiction, "api_key": self.api_key, **given}
        return _root(await self.http.post(f"{self.base}{path}", data=body, files=files))


def _root(answer: httpx.Response) -> Element:
    assert answer.headers["content-type"] == "text/xml; charset=utf-8", answer.text
    root = etree.fromstring(answer.content)
    if not answer.is_success:
        assert root.tag == "errors"
        raise Refused(answer.status_code, [(text(one, "code"), text(one, "description")) for one in root])
    return root


async def poll(http: httpx.AsyncClient, base: str, until: datetime) -> list[str]:
    """Fetch the newest requests as open311status does: a smaller window while the answer fills a page."""
    window = timedelta(days=2)
    while True:
        answer = await http.get(
            f"{base}/requests.xml", params={"start_date": w3c(until - window), "end_date": w3c(until)}
        )
        numbers = [text(one, "service_request_id") for one in _root(answer)]
        if len(numbers) < PAGE or window < timedelta(seconds=1):
            return numbers
        window /= 2


def gem_reads(root: Element, item: str) -> list[dict[str, str]]:
    """Read a list as the Ruby gem does: the root's only kind of child, a single one being a list too."""
    assert {child.tag for child in root} <= {item}
    return [{str(part.tag): part.text or "" for part in child} for child in root]


def validator_reads(discovery: Any, *, now: datetime) -> Iterable[str]:
    """Check discovery as SeeClickFix's validator does, and return the addresses it goes on with."""
    assert discovery["contact"]
    assert discovery["key_service"]
    assert datetime.fromisoformat(discovery["changeset"]) < now
    assert len(discovery["endpoints"]) >= 2
    for endpoint in discovery["endpoints"]:
        assert endpoint["type"] in ("production", "test")
        assert {"text/xml", "application/json"} <= set(endpoint["formats"])
        assert datetime.fromisoformat(endpoint["changeset"]) < now
        assert endpoint["specification"]
        yield endpoint["url"]
