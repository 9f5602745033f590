"""Filing through Open311: forms of every kind, pictures, and what is sent again."""

from datetime import timedelta
from io import BytesIO

from PIL import Image

from tests.integration.open311_city import Open311, errors
from usecases.media import keep_media

_drawn = BytesIO()
Image.new("RGB", (8, 8), "red").save(_drawn, "PNG")
PICTURE = _drawn.getvalue()


PLACE = {"lat": "30.5965", "long": "114.2862"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_6_every_way_of_writing_a_form_is_understood(open311: Open311) -> None:
    number = await open311.filed(
        **PLACE, service_code="P0101", deviceid="d1", account_id="", made_up="x", description="井盖",
        **{"attribute[condition][]": "broken", "attribute[colour]": "red", "media_url[]": ["https://a.example/1", "https://a.example/2"]},
        email="a@b.cn", phone="13812345678", first_name="小明", last_name="王", jurisdiction_id="wuhan",
    )  # fmt: skip
    kept = open311.city.store.report(report_no=number)
    assert kept is not None
    assert (kept.category, kept.condition, kept.channel, kept.source) == (
        "P0101",
        "broken",
        "open311",
        "fixmystreet",
    )
    assert (kept.reporter.name, kept.reporter.phone, kept.reporter.email) == (
        "王小明",
        "13812345678",
        "a@b.cn",
    )
    assert kept.raw["form"]["attribute[colour]"] == ["red"]  # type: ignore[index]
    assert open311.key not in str(kept.raw)
    (shown,) = await open311.json(f"requests/{number}")
    assert shown["media_url"] in ("https://a.example/1", "https://a.example/2")


async def test_6_a_picture_is_kept_and_one_that_is_none_keeps_no_report_away(open311: Open311) -> None:
    files = [("media", ("a.png", PICTURE, "image/png")), ("media", ("b.txt", b"no picture", "image/png"))]
    answer = await open311.post(files=files, service_code="E0110", **PLACE, description="有图")
    assert answer.status_code == 201
    assert "image/png" in answer.json()[0]["service_notice"]
    (shown,) = await open311.json(f"requests/{answer.json()[0]['service_request_id']}")
    assert shown["media_url"].startswith("http://city.example/api/v1/attachments/")


async def test_what_staff_attach_to_a_report_is_not_shown_to_everybody(open311: Open311) -> None:
    number = await open311.filed(**PLACE, service_code="E0110", description="无图")
    await keep_media(city=open311.city, report_no=number, source="staff:op1", body=PICTURE)
    (shown,) = await open311.json(f"requests/{number}")
    assert shown["media_url"] is None
    await keep_media(city=open311.city, report_no=number, source="fixmystreet", body=PICTURE)
    (shown,) = await open311.json(f"requests/{number}")
    assert shown["media_url"] is not None


async def test_6_json_and_chinese_encodings_are_understood_and_nothing_else_is_a_fault_of_ours(
    open311: Open311,
) -> None:
    whole = {"api_key": open311.key, "service_code": "P0101", "lat": 30.5965, "long": 114.2862}
    body = {**whole, "attribute": {"condition": "sunk"}}
    answer = await open311.http.post(f"{open311.base}/requests.json", json=body)
    number = answer.json()[0]["service_request_id"]
    assert open311.city.store.report(report_no=number).condition == "sunk"  # type: ignore[union-attr]
    for charset in ("utf-8", "gb18030"):
        text = f"api_key={open311.key}&service_code=E0110&address_string=解放大道&description=垃圾"
        raw = text.encode(charset)
        answer = await open311.http.post(f"{open311.base}/requests.json", content=raw, headers=FORM)
        number = answer.json()[0]["service_request_id"]
        assert open311.city.store.report(report_no=number).reported.address == "解放大道"  # type: ignore[union-attr]
    for content, kind in (
        (b"[1]", "application/json"),
        (b"{" * 9999, "application/json"),
        (b"x", "text/xml"),
        (b"x", "multipart/form-data"),
        (b"--b\r\nX", "multipart/form-data; boundary=b"),
    ):
        answer = await open311.http.post(
            f"{open311.base}/requests.json", content=content, headers={"content-type": kind}
        )
        assert (answer.status_code, answer.headers["x-problem-codes"]) in (
            (400, "bad_form"),
            (403, "key_required"),
        ), kind
    large = await open311.http.post(f"{open311.base}/servicerequestupdates.xml", content=b"x" * 300_000)
    assert (large.status_code, errors(large)[0][0]) == (413, 413)


async def test_11_a_request_sent_again_is_one_case(open311: Open311) -> None:
    whole = {"service_code": "E0110", "lat": "30.5965", "long": "114.2862", "description": "垃圾"}
    keyed = [await open311.post(**whole, headers={"idempotency-key": "k1"}) for _ in range(2)]
    assert [one.status_code for one in keyed] == [201, 200]
    assert keyed[0].json()[0]["service_request_id"] == keyed[1].json()[0]["service_request_id"]
    other = await open311.post(**{**whole, "description": "别的"}, headers={"idempotency-key": "k1"})
    assert (other.status_code, other.headers["x-problem-codes"]) == (400, "idempotency_key_reused")

    known = {**whole, "device_id": "d1"}
    open311.clock.now = open311.clock.now.replace(
        hour=3, minute=9
    )  # the stretch of ten minutes ends in between
    one = await open311.filed(**known)
    open311.clock.now += timedelta(minutes=5)
    assert (await open311.post(**known)).json()[0]["service_request_id"] == one
    assert await open311.filed(**{**known, "device_id": "d2"}) != one
    assert await open311.filed(**known, files=None, account_id="a") != one
    open311.clock.now += timedelta(minutes=6)
    assert await open311.filed(**known) != one, "ten minutes later it is another one"
    assert await open311.filed(**whole) != await open311.filed(**whole), (
        "nobody in particular is never the same"
    )
