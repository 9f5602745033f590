"""A request is filed: read from a form with every fault told at once, then accepted like any report.

Nothing is asked twice: a request sent again, by its Idempotency-Key or, where its sender says
who it is for, by its content within ten minutes, gets the first number again.
"""

import asyncio
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from domain.catalogue import Category
from domain.place import ReportedPlace
from domain.report import Reporter
from usecases.city import City
from usecases.file_report import FileReport, check_condition, file_report
from usecases.media import keep_media, name_media
from usecases.open311.answers import Faults, Receipt
from usecases.open311.form import Form
from usecases.open311.query import degrees
from usecases.open311.services import CONDITION, category_of, check_jurisdiction
from usecases.problems import BadRequest, Finding, ProblemCode

MOST_DESCRIPTION = 4000
MOST = {
    "email": 200,
    "phone": 40,
    "first_name": 50,
    "last_name": 49,
    "address_string": 400,
    "address_id": 100,
}
"""The longest texts taken, in characters."""
MOST_URL = 2000
NOT_PINPOINTED = "#NOTPINPOINTED#"
"""FixMyStreet's word for a point the reporter did not place by hand: no address id."""
WHERE = "lat + long | address_string | address_id"
AGAIN = timedelta(minutes=10)
"""How long the same content of the same sender counts as sent again."""
IDENTITIES = ("account_id", "device_id", "deviceid", "email", "phone")
_LAST_CONTROL = 0x9F


async def file_request(
    *,
    city: City,
    source: str,
    channel: str,
    form: Form,
    exercise: bool,
    idempotency_key: str | None,
    lang: str,
) -> Receipt:
    """File a request; durable when this returns, with its pictures. Raises UnableToAnswer, BadRequest.

    A picture that is not taken keeps no report away: the notice says so.
    """
    ask = read_request(
        city=city,
        source=source,
        channel=channel,
        form=form,
        exercise=exercise,
        idempotency_key=idempotency_key,
    )
    number, repeated, told = await _filed(city, ask, form)
    told += await _media(city, form, number=number, source=source)
    return Receipt(
        service_request_id=number,
        service_notice=" ".join(one.text(lang=lang) for one in told) or None,
        account_id=form.text("account_id")[:100] or None,
        repeated=repeated,
    )


def read_request(
    *, city: City, source: str, channel: str, form: Form, exercise: bool, idempotency_key: str | None
) -> FileReport:
    """Read what is to be filed. Raises UnableToAnswer with every fault there is."""
    faults = Faults()
    try:
        check_jurisdiction(city=city, given=form.text("jurisdiction_id"))
    except BadRequest as error:
        faults.keep(error)
    category = _category(city, faults, form)
    condition = _condition(city, faults, form, category)
    place = _place(faults, form)
    description = plain(form.text("description"))
    _lengths(faults, form, description)
    faults.raise_any()
    return FileReport(
        channel=channel,
        description=description,
        category=None if category is None else category.code,
        condition=condition,
        place=place,
        reporter=Reporter(
            name=_name(plain(form.text("first_name")), plain(form.text("last_name"))),
            phone=plain(form.text("phone")),
            email=plain(form.text("email")),
        ),
        exercise=exercise,
        source=source,
        idempotency_key=idempotency_key,
    )


def plain(text: str) -> str:
    """Drop control characters, and halves of surrogate pairs: no text of a citizen fails for them."""
    if text.isprintable():
        return text
    return "".join(char for char in text if char in "\n\r\t" or not _control(ord(char)))


def _control(point: int) -> bool:
    return point < 0x20 or 0x7F <= point <= _LAST_CONTROL or 0xD800 <= point < 0xE000


def _category(city: City, faults: Faults, form: Form) -> Category | None:
    code = form.text("service_code")
    if not code:
        faults.add(ProblemCode.ATTRIBUTE_REQUIRED, attribute="service_code")
        return None
    try:
        return category_of(city=city, service_code=code)
    except BadRequest as error:
        faults.keep(error)
        return None


def _condition(city: City, faults: Faults, form: Form, category: Category | None) -> str | None:
    given = form.attribute(CONDITION)
    if category is None:
        return None
    if not given:
        if city.pack.open311.asks_condition(category.code):
            faults.add(ProblemCode.ATTRIBUTE_REQUIRED, attribute=CONDITION)
        return None
    try:
        check_condition(category=category, condition=given[0])
    except BadRequest as error:
        faults.keep(error)
    if len(given) > 1:
        faults.wrong(f"attribute[{CONDITION}]", "1")
    return given[0]


def _place(faults: Faults, form: Form) -> ReportedPlace:
    lat, long = form.text("lat"), form.text("long", "lng", "lon")
    address_id = form.text("address_id")
    address = plain(form.text("address_string", "address"))
    if not address and address_id != NOT_PINPOINTED:
        address = plain(address_id)
    if bool(lat) != bool(long):
        faults.add(ProblemCode.ATTRIBUTE_REQUIRED, attribute="long" if lat else "lat")
    north, east = degrees(lat) if lat else None, degrees(long) if long else None
    for name, text, found in (("lat", lat, north), ("long", long, east)):
        # A swapped pair is put right later, and said to be: what cannot be degrees at all is refused.
        if text and (found is None or abs(found) > 180):
            faults.wrong(name, "−90 … 90" if name == "lat" else "−180 … 180")
    if not lat and not long and not address:
        faults.add(ProblemCode.ATTRIBUTE_REQUIRED, attribute=WHERE)
    return ReportedPlace(lon=east, lat=north, address=address or None)


def _lengths(faults: Faults, form: Form, description: str) -> None:
    for name, most in MOST.items():
        _length(faults, name, form.text(name), most)
    _length(faults, "description", description, MOST_DESCRIPTION)
    for url in form.texts("media_url"):
        if len(url) > MOST_URL or not url.lower().startswith(("http://", "https://")):
            faults.wrong("media_url", f"https://… (≤ {MOST_URL})")


def _length(faults: Faults, name: str, text: str, most: int) -> None:
    if len(text) > most:
        faults.add(ProblemCode.TOO_LONG, field=name, length=str(len(text)), most=str(most))


def _name(first: str, last: str) -> str:
    """Return a whole name the way it is written: a Chinese one with the family name first, unspaced."""
    chinese = last and all("\u4e00" <= char <= "\u9fff" for char in first + last)
    return f"{last}{first}" if chinese else f"{first} {last}".strip()


async def _filed(city: City, ask: FileReport, form: Form) -> tuple[str, bool, list[Finding]]:
    if ask.idempotency_key is None:
        now = city.now()
        this, before = (_content_key(ask, form, at) for at in (now, now - AGAIN))
        if this is not None and before is not None:
            # The stretch before this one may hold it too; in this one the intake itself finds it.
            found = await asyncio.to_thread(lambda: city.store.filed_under(key=before, since=now - AGAIN))
            if found is not None:
                return found, True, []
            ask = replace(ask, idempotency_key=this)
    filed = await file_report(city=city, ask=ask, raw={"form": form.kept()})
    return filed.accepted.report_no, filed.accepted.repeated, list(filed.warnings)


def _content_key(ask: FileReport, form: Form, at: datetime) -> str | None:
    """Return the key of this content in the stretch of ten minutes around ``at``; None for who is nobody.

    Two people may scan the same code on the same lamp post: without any word of who they are
    they are two.
    """
    if not form.texts(*IDENTITIES):
        return None
    content = hashlib.sha256()
    for name, texts in sorted(form.kept().items()):
        content.update(repr((name, texts)).encode("utf-8", "backslashreplace"))
    for one in form.files:
        content.update(hashlib.sha256(one.body).digest())
    stretch = int(at.timestamp() // AGAIN.total_seconds())
    return (
        f"{ask.source}:open311-content:{'drill' if ask.exercise else 'real'}:{content.hexdigest()}:{stretch}"
    )


async def _media(city: City, form: Form, *, number: str, source: str) -> list[Finding]:
    """Keep pictures and where pictures are said to be. Return why those that were not taken were not."""
    refused: list[Finding] = []
    for one in form.files:
        try:
            await keep_media(
                city=city,
                report_no=number,
                source=source,
                name=one.name,
                media_type=one.media_type,
                body=one.body,
            )
        except BadRequest as error:
            refused.append(error.finding)
    for url in dict.fromkeys(form.texts("media_url")):
        await asyncio.to_thread(name_media, city=city, report_no=number, source=source, url=plain(url))
    return refused
