"""Photos in pieces: gone on with after a break, checked by their digest, kept once, nobody else's."""

import asyncio
import hashlib
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain.account import Grant, Post, Principal
from store.engine import Store
from store.upload_files import part_of
from tests.integration.people_city import NOW, city_of
from tests.integration.store_samples import case_no, record
from tests.unit.pictures import exif, opened, picture
from usecases import uploads
from usecases.city import City, Grounds
from usecases.media import media_file
from usecases.problems import BadRequest, ProblemCode

UNIT = "420102-DRAINAGE"
WHO = Principal(account="chen", name="陈", grants=(Grant(post=Post.STAFF, unit=UNIT),))
MATE = replace(WHO, account="mate")
OTHER = Principal(account="liu", name="刘", grants=(Grant(post=Post.STAFF, unit="420103-LIGHTING"),))
PHOTO = picture(made=exif(lon=114.27, lat=30.6, taken="2026:11:22 10:20:30", offset="+08:00"))
HALF = len(PHOTO) // 2
CASE = case_no(1)


@pytest.fixture
def city(store: Store, wuhan: Grounds, tmp_path: Path) -> City:
    store.record(record=record(1, owner=UNIT, co_handlers=()))
    return replace(city_of(wuhan, store), media=tmp_path / "media")


def new(body: bytes = PHOTO, **changes: object) -> uploads.NewUpload:
    said = uploads.SaidByPhone(
        lon=114.2701, lat=30.6001, accuracy_m=12.34, taken_at="2026-11-22T10:20:31+08:00"
    )
    made = uploads.NewUpload(
        case_no=CASE, digest=hashlib.sha256(body).hexdigest(), size=len(body), kind="after", media_type="image/jpeg",
        name="现场.jpg", said=said,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def begun(city: City, who: Principal = WHO, **changes: object) -> uploads.UploadRow:
    return uploads.begin(city=city, who=who, new=new(**changes), at=NOW)  # type: ignore[arg-type]


def sent(city: City, upload_id: str, offset: int, body: bytes, who: Principal = WHO) -> int:
    return uploads.put_piece(city=city, who=who, upload_id=upload_id, offset=offset, body=body, at=NOW)


def code_of(error: pytest.ExceptionInfo[BadRequest]) -> str:
    return error.value.finding.code.value


async def test_a_broken_photo_goes_on_where_it_was_and_is_kept_with_what_camera_and_phone_say(
    city: City,
) -> None:
    row = begun(city)
    assert sent(city, row.upload_id, 0, PHOTO[:HALF]) == HALF
    again = begun(city)
    assert (again.upload_id, again.received, again.done) == (row.upload_id, HALF, False)
    assert sent(city, row.upload_id, 0, PHOTO[:HALF]) == HALF  # the answer was lost: sent again, counted once
    with pytest.raises(BadRequest) as gap:
        sent(city, row.upload_id, HALF + 1, PHOTO[HALF + 1 :])
    assert (code_of(gap), gap.value.finding.params) == ("upload_offset", {"received": str(HALF)})
    with pytest.raises(BadRequest) as early:
        await uploads.finish(city=city, who=WHO, upload_id=row.upload_id, at=NOW)
    assert code_of(early) == "upload_offset"
    assert sent(city, row.upload_id, HALF, PHOTO[HALF:]) == len(PHOTO)

    kept = await uploads.finish(city=city, who=WHO, upload_id=row.upload_id, at=NOW)
    assert (kept.case_no, kept.kind, kept.source, kept.digest) == (CASE, "after", "staff:chen", again.digest)
    facts = kept.facts
    assert (facts["taken_at"], facts["phone_at"]) == (
        "2026-11-22T10:20:30+08:00",
        "2026-11-22T10:20:31+08:00",
    )
    assert (facts["lon"], facts["phone_lon"], facts["phone_accuracy_m"]) == (
        pytest.approx(114.27),
        114.2701,
        12.3,
    )
    shown = media_file(city=city, attachment_id=kept.id, original=False)
    assert opened(shown.path.read_bytes()).size == (40, 20)
    assert not part_of(folder=city.media, upload_id=row.upload_id).exists()
    assert begun(city).done


async def test_ended_twice_at_once_it_is_one_photo(city: City) -> None:
    row = begun(city)
    ends = []

    async def whole() -> None:
        there = 0
        while there < len(PHOTO):
            there = await asyncio.to_thread(sent, city, row.upload_id, there, PHOTO[there : there + 100])
        ends.append(await uploads.finish(city=city, who=WHO, upload_id=row.upload_id, at=NOW))

    async def beside() -> None:
        for _ in range(3):
            try:
                return await whole()
            except BadRequest as error:
                if error.finding.code is not ProblemCode.UPLOAD_OFFSET:  # the other one was faster
                    raise
        return await whole()

    await asyncio.gather(beside(), beside())
    assert len({one.id for one in ends}) == 1
    assert [one.id for one in city.store.attachments_of(report_nos=(), case_no=CASE)] == [ends[0].id]
    later = await uploads.finish(city=city, who=WHO, upload_id=row.upload_id, at=NOW)
    assert later.id == ends[0].id


async def test_other_bytes_than_named_are_dropped_and_may_come_again(city: City) -> None:
    row = begun(city)
    wrong = bytes(len(PHOTO))
    sent(city, row.upload_id, 0, wrong)
    with pytest.raises(BadRequest) as refused:
        await uploads.finish(city=city, who=WHO, upload_id=row.upload_id, at=NOW)
    assert code_of(refused) == "upload_digest"
    assert begun(city).received == 0
    assert not city.store.attachments_of(report_nos=(), case_no=CASE)
    sent(city, row.upload_id, 0, PHOTO)
    assert (await uploads.finish(city=city, who=WHO, upload_id=row.upload_id, at=NOW)).digest == row.digest


async def test_what_is_no_picture_is_refused_at_the_end(city: City) -> None:
    body = random.Random(1).randbytes(500)
    row = begun(city, body=body)
    sent(city, row.upload_id, 0, body)
    with pytest.raises(BadRequest) as refused:
        await uploads.finish(city=city, who=WHO, upload_id=row.upload_id, at=NOW)
    assert code_of(refused) == "attachment_type"


async def test_nobody_goes_on_with_anothers_photo_nor_sends_one_to_a_case_out_of_reach(city: City) -> None:
    row = begun(city)
    with pytest.raises(BadRequest) as foreign:
        sent(city, row.upload_id, 0, PHOTO, who=MATE)
    assert code_of(foreign) == "upload_not_found"
    with pytest.raises(BadRequest) as ended:
        await uploads.finish(city=city, who=MATE, upload_id=row.upload_id, at=NOW)
    assert code_of(ended) == "upload_not_found"
    assert begun(city, MATE).upload_id != row.upload_id
    with pytest.raises(BadRequest) as outside:
        begun(city, OTHER)
    assert code_of(outside) == "outside_scope"


def test_it_is_bounded_and_what_is_left_lying_goes_after_a_day(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_OF_ONE", 2 * len(PHOTO))
    first = begun(city)
    sent(city, first.upload_id, 0, PHOTO[:10])
    for size in (0, 20 * 1024 * 1024 + 1):
        with pytest.raises(BadRequest) as wrong:
            begun(city, size=size)
        assert code_of(wrong) == "body_too_large"
    with pytest.raises(BadRequest) as long:
        sent(city, first.upload_id, 10, PHOTO)
    assert code_of(long) == "body_too_large"
    begun(city, digest="a" * 64)
    with pytest.raises(BadRequest) as full:
        begun(city, digest="b" * 64)
    assert code_of(full) == "uploads_full"
    assert begun(city, MATE).received == 0  # everybody has a share of their own

    later = NOW + timedelta(days=1, minutes=1)
    fresh = uploads.begin(city=city, who=WHO, new=new(digest="b" * 64), at=later)
    assert fresh.received == 0
    assert city.store.upload(upload_id=first.upload_id) is None
    assert not part_of(folder=city.media, upload_id=first.upload_id).exists()
