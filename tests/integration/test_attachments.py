"""Attachments over the API, and what reporters add, on a real store and a real folder."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.source import KeyKind, Scope, Source
from store.engine import Store
from tests.integration.alerts_api import HANDLER, NOW, OPERATOR, Door, door, make_key
from tests.unit.pictures import SECRET, claiming, exif, opened, picture
from usecases.city import Grounds

LON, LAT = 114.2862, 30.5965
PHOTO = picture(made=exif(lon=LON, lat=LAT + 0.001, taken="2026:11:22 10:20:30", offset="+08:00"))
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n"


@pytest.fixture
async def desk(store: Store, wuhan: Grounds, tmp_path: Path) -> AsyncIterator[Door]:
    """Open the API with a folder for attachments, and two channels of citizens with keys."""
    async with door(store=store, grounds=wuhan, media=tmp_path / "media") as opened_door:
        for name in ("hotline-12345", "app"):
            scopes = (Scope.REPORTS_WRITE,)
            store.put_source(source=Source(name=name, channel="hotline", citizen=True, scopes=scopes), at=NOW)
            opened_door.keys[name] = make_key(opened_door.city, name, KeyKind.API_KEY)
        yield opened_door


def by(desk: Door, name: str, **more: str) -> dict[str, str]:
    return {"authorization": f"Bearer {desk.keys[name].shown}", **more}


async def filed(desk: Door, name: str = "hotline-12345") -> str:
    body = {
        "channel": "hotline",
        "category": "E0110",
        "description": "垃圾",
        "place": {"lon": LON, "lat": LAT},
    }
    receipt = await desk.json("POST", "/api/v1/reports", json=body, headers=by(desk, name), status=201)
    return str(receipt["report_no"])


async def upload(
    desk: Door,
    path: str,
    body: bytes = PHOTO,
    *,
    headers: dict[str, str],
    given: str = "image/jpeg",
    **data: str,
) -> httpx.Response:
    return await desk.http.post(path, files={"file": ("现场 1.jpg", body, given)}, data=data, headers=headers)


async def test_a_picture_is_kept_untouched_and_shown_without_what_it_says(desk: Door) -> None:
    number = await filed(desk)
    path = f"/api/v1/reports/{number}/attachments"
    answer = await upload(desk, path, headers=by(desk, "hotline-12345"), kind="near")
    assert answer.status_code == 201, answer.text
    kept = answer.json()
    assert (kept["kind"], kept["media_type"], kept["size"]) == ("near", "image/jpeg", len(PHOTO))
    assert (kept["digest"], kept["taken_at"]) == (
        hashlib.sha256(PHOTO).hexdigest(),
        "2026-11-22T10:20:30+08:00",
    )

    shown = await desk.http.get(kept["url"])
    assert shown.status_code == 200
    assert opened(shown.content).size == (40, 20)
    assert SECRET.encode() not in shown.content
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"].startswith("inline")
    assert "现场" not in shown.headers["content-disposition"]
    again = await desk.http.get(kept["url"], headers={"if-none-match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    original = await desk.http.get(f"{kept['url']}/original", headers=OPERATOR)
    assert original.content == PHOTO
    assert original.headers["cache-control"] == "no-store"
    refused = await desk.http.get(f"{kept['url']}/original")
    assert refused.json()["code"] == "actor_required"


async def test_the_same_file_again_is_the_same_attachment_and_lies_there_once(desk: Door) -> None:
    number = await filed(desk)
    path, headers = f"/api/v1/reports/{number}/attachments", by(desk, "hotline-12345")
    both = await asyncio.gather(*(upload(desk, path, headers=headers, kind="near") for _ in range(3)))
    other = await upload(desk, path, headers=headers, kind="far")
    assert {one.status_code for one in (*both, other)} == {201}
    assert other.json()["id"] not in {one.json()["id"] for one in both}
    files = [one for one in desk.city.media.rglob("*") if one.is_file()]
    assert len(files) == 2  # the original and its copy
    assert {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in files} == {
        one.name: one.name for one in files
    }


@pytest.mark.parametrize(
    ("body", "given", "status", "code"),
    [
        (PHOTO, "image/png", 415, "attachment_type"),
        (b"<svg onload='alert(1)'/>", "image/svg+xml", 415, "attachment_type"),
        (b"", "image/jpeg", 415, "attachment_type"),
        (PHOTO[:300], "image/jpeg", 422, "attachment_broken"),
        (claiming(60_000, 60_000), "image/png", 413, "attachment_pixels"),
        (b"%PDF-" + b"x" * 20 * 1024 * 1024, "application/pdf", 413, "body_too_large"),
        (b"%PDF-" + b"x" * 22 * 1024 * 1024, "application/pdf", 413, "body_too_large"),
    ],
    ids=["another type", "a script", "nothing", "cut off", "a bomb", "a byte too many", "far too large"],
)
async def test_what_is_no_attachment_is_refused_by_name(
    desk: Door, body: bytes, given: str, status: int, code: str
) -> None:
    number = await filed(desk)
    path = f"/api/v1/reports/{number}/attachments"
    answer = await upload(desk, path, body, headers=by(desk, "hotline-12345"), given=given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not desk.city.media.exists()


async def test_a_form_that_is_none_is_refused(desk: Door) -> None:
    number = await filed(desk)
    path, headers = f"/api/v1/reports/{number}/attachments", by(desk, "hotline-12345")
    answer = await desk.http.post(path, json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "attachment_type")
    broken = {**headers, "content-type": "multipart/form-data; boundary=x"}
    answer = await desk.http.post(path, content=b"--y\r\n\r\n", headers=broken)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_body")
    answer = await desk.http.post(path, data={"kind": "near"}, files={"other": b"x"}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/file")
    answer = await upload(desk, path, headers=headers, kind="sideways")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/kind")


async def test_a_source_adds_to_its_own_reports_only(desk: Door) -> None:
    number = await filed(desk)
    for name in ("attachments", "supplements", "urges"):
        path = f"/api/v1/reports/{number}/{name}"
        if name == "attachments":
            answer = await upload(desk, path, headers=by(desk, "app"))
        else:
            answer = await desk.http.post(path, json={"text": "x"}, headers=by(desk, "app"))
        assert (answer.status_code, answer.json()["code"]) == (404, "report_not_found")
        wrong = await desk.http.post(path, json={}, headers={"authorization": "Bearer ck_none"})
        assert wrong.status_code == 401
    answer = await desk.http.post(f"/api/v1/reports/{number}/urges", json={}, headers=HANDLER)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_not_allowed")


async def test_staff_attach_to_a_case_and_see_how_far_from_it_a_picture_was_taken(desk: Door) -> None:
    number = await filed(desk)
    path = f"/api/v1/cases/{number}/attachments"
    assert (await upload(desk, path, headers={})).status_code == 401
    assert (await upload(desk, path, headers=HANDLER, kind="after")).status_code == 201
    recording = await upload(desk, path, PDF, headers=HANDLER, given="application/pdf")
    assert recording.json()["url"] is None
    assert (await desk.http.get(f"/api/v1/attachments/{recording.json()['id']}")).status_code == 404
    await upload(desk, f"/api/v1/reports/{number}/attachments", headers=by(desk, "hotline-12345"), kind="far")
    found = await desk.json("GET", path)
    assert [one["kind"] for one in found["attachments"]] == ["after", "other", "far"]
    assert (await desk.http.get(path)).status_code == 401


async def test_what_a_reporter_adds_is_durable_while_the_engine_is_away(desk: Door) -> None:
    number = await filed(desk)
    path, headers = (
        f"/api/v1/reports/{number}/supplements",
        by(desk, "hotline-12345", **{"idempotency-key": "k1"}),
    )
    picture_id = (
        await upload(desk, f"/api/v1/reports/{number}/attachments", headers=by(desk, "hotline-12345"))
    ).json()["id"]
    body = {"text": "王女士补充:井盖已塌 13812345678", "attachments": [picture_id]}
    first = await desk.json("POST", path, json=body, headers=headers, status=202)
    second = await desk.json("POST", path, json=body, headers=headers, status=202)
    assert (first["id"], first["case_no"], first["pending"]) == (second["id"], number, True)
    assert second["repeated"]
    other = await desk.http.post(path, json={"text": "another"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    stranger = await desk.http.post(path, json={"attachments": ["0" * 32]}, headers=by(desk, "hotline-12345"))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "attachment_not_found")

    urge = await desk.json("POST", f"/api/v1/reports/{number}/urges", json={}, status=202)
    said = await desk.json("GET", f"/api/v1/cases/{number}/supplements")
    assert [(one["kind"], one["source"]) for one in said["supplements"]] == [
        ("supplement", "hotline-12345"), ("urge", "staff:anna"),
    ]  # fmt: skip
    assert said["supplements"][0]["text"] == body["text"]
    assert (await desk.http.get(f"/api/v1/cases/{number}/supplements")).status_code == 401
    kept: Any = desk.city.store.command(request_id=f"said:{first['id']}")
    assert (kept.status, kept.command.attachments) == ("pending", 1)
    assert "138" not in repr(kept.command)
    assert urge["id"] != first["id"]
