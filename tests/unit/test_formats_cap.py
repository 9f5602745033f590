"""CAP: every sample at hand with the reason why it is taken or refused, and what is made to break it."""

import hashlib
import re

import pytest

from domain.envelope import DeadCode, Envelope, EnvelopeKind, Exercise, Unreadable
from domain.source import WireFormat
from tests.unit.format_reading import DATA, NOW, code, dead, one, parts

CAP = DATA / "cap"
HERE = pytest.mark.skipif(not CAP.is_dir(), reason=f"NO CAP DATA at {CAP}: set CITYOPS_DATA")
ATOM = "an Atom feed is a list of links, no alert"

# name: (parts, code of all of them or None, why)
SAMPLES: dict[str, tuple[int, DeadCode | None, str]] = {
    "google_australia.cap": (1, None, "1.2; two infos about one event in one language are one hazard"),
    "google_canada.cap": (1, None, "1.2; English and French are one hazard; AllClear ends it"),
    "google_canada_errors.cap": (1, DeadCode.MISSING_FIELD, "an Update with empty references"),
    "google_canada_signed.cap": (1, None, "1.2 with a signature element at the end"),
    "google_earthquake-iso8859-1.cap": (1, None, "ISO 8859-1, declared"),
    "google_earthquake.cap": (1, None, "1.1, a circle of no radius"),
    "google_earthquake_signed.cap": (1, None, "1.1 with a signature"),
    "google_invalid.cap": (1, DeadCode.SCHEMA, "no scope"),
    "google_no_optional_fields.cap": (1, None, "1.1 without any info: valid, and says nothing"),
    "google_noaa_errors.cap": (1, DeadCode.SCHEMA, "empty urgency, severity and certainty"),
    "google_wcatwc-warning.cap": (1, None, "1.2; references of a sender that is written otherwise"),
    "google_weather.cap": (1, None, "1.1"),
    "google_xee.cap": (1, DeadCode.DTD_FORBIDDEN, "an entity attack"),
    "kelvinn_CanadaNaad.xml": (1, None, "1.2; empty references of an Alert mean none"),
    "kelvinn_amber.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_australia.cap": (1, None, "as Google's"),
    "kelvinn_australia_bom.cap": (1, None, "1.2, everything Unknown"),
    "kelvinn_canada.cap": (1, None, "as Google's"),
    "kelvinn_canada_errors.cap": (1, DeadCode.MISSING_FIELD, "as Google's"),
    "kelvinn_canada_signed.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_canada_signed.cap": (1, None, "as Google's"),
    "kelvinn_earthquake-iso8859-1.cap": (1, None, "as Google's"),
    "kelvinn_earthquake.cap": (1, None, "1.1"),
    "kelvinn_earthquake_index.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_earthquake_signed.cap": (1, None, "as Google's"),
    "kelvinn_empty_weather_index.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_iceland_met_office.cap": (1, None, "Icelandic and English: one hazard, English is read"),
    "kelvinn_invalid.cap": (1, DeadCode.SCHEMA, "no scope"),
    "kelvinn_invalid_element.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_invalid_xmlns.cap": (1, DeadCode.UNKNOWN_FORMAT, "the namespace of no version of CAP"),
    "kelvinn_mexico.xml": (1, None, "1.2, a polygon over several lines"),
    "kelvinn_no_id.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_no_info_tag.cap": (1, None, "a signed Cancel, which needs no info"),
    "kelvinn_no_link.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_no_optional_fields.cap": (1, None, "as Google's"),
    "kelvinn_no_title.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_noaa_errors.cap": (1, DeadCode.SCHEMA, "as Google's"),
    "kelvinn_oregon_nws.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_pelmorex.atom": (1, DeadCode.NOT_XML, "declared UTF-8 and is not"),
    "kelvinn_ph.cap": (1, None, "1.2, status Test"),
    "kelvinn_rfs.xml": (1, None, "1.2 in an EDXL-DE wrapper"),
    "kelvinn_smhi.se.alerts.cap": (17, None, "seventeen alerts in one wrapper"),
    "kelvinn_sweden.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_sweden.cap": (1, DeadCode.SCHEMA, "elements out of order, and of its own invention"),
    "kelvinn_taiwan.cap": (1, None, "1.2 with a byte order mark, in Chinese"),
    "kelvinn_tmp0000.cap": (1, None, "1.1"),
    "kelvinn_us_nws_weather.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_usgs_alerthub.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_wcatwc-warning.cap": (1, None, "as Google's"),
    "kelvinn_weather.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_weather.cap": (1, None, "1.1; an empty polygon is none"),
    "kelvinn_weather_index.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
    "kelvinn_weather_invalid.atom": (1, DeadCode.UNKNOWN_FORMAT, ATOM),
}

FLOOD = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>flood-0001</identifier>
  <sender>flood@met.example.gov</sender>
  <sent>2026-11-22T08:15:00+08:00</sent>
  <status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
  <info>
    <language>en-GB</language><category>Met</category><event>Urban flooding</event>
    <urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>
    <eventCode><valueName>code</valueName><value>11B03</value></eventCode>
    <expires>2026-11-22T12:15:00+08:00</expires><headline>Flooding</headline>
    <area><areaDesc>Riverside</areaDesc>
      <polygon>30.50,114.20 30.50,114.40 30.70,114.40 30.50,114.20</polygon></area>
  </info>
  <info>
    <language>zh-CN</language><category>Met</category><event>城市内涝</event>
    <urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>
    <eventCode><valueName>code</valueName><value>11B03</value></eventCode>
    <expires>2026-11-22T12:15:00+08:00</expires><headline>内涝预警</headline>
    <area><areaDesc>江滩</areaDesc><circle>30.60,114.30 2.5</circle></area>
  </info>
</alert>
"""


def cap(text: str | bytes, **more: dict[str, str]) -> list[Envelope | Unreadable]:
    """Read an alert."""
    body = text if isinstance(text, bytes) else text.encode()
    return parts(body, form=WireFormat.CAP, content_type="application/cap+xml", mapping=more.get("mapping"))


@HERE
def test_no_sample_is_left_out() -> None:
    assert {each.name for each in CAP.iterdir()} == set(SAMPLES)


@HERE
@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name: str) -> None:
    count, expected, _ = SAMPLES[name]
    found = cap((CAP / name).read_bytes())
    assert len(found) == count
    assert {each.code if isinstance(each, Unreadable) else None for each in found} == {expected}
    assert len({each.event_id for each in found}) == count
    for each in found:
        if isinstance(each, Envelope):
            assert each.event_id.count(",") == 1
            assert each.exercise is (Exercise.TEST if name == "kelvinn_ph.cap" else Exercise.REAL)


@HERE
def test_what_some_samples_say() -> None:
    canada = one(cap((CAP / "google_canada.cap").read_bytes()))
    assert (canada.kind, canada.hazard, canada.data["language"]) == (
        EnvelopeKind.CANCEL,
        "thunderstorm",
        "en-CA",
    )
    assert canada.references == (
        "cap@ec.gc.ca,2.49.0.1.124.a3f342a4.2012",
        "cap@ec.gc.ca,2.49.0.1.124.60f31a3a.2012",
    )
    ended = one(cap((CAP / "kelvinn_no_info_tag.cap").read_bytes()))
    assert (ended.kind, ended.references[:1]) == (
        EnvelopeKind.CANCEL, ("AtHoc,1017033100951096-517189320160225203219800",),
    )  # fmt: skip
    fire = one(cap((CAP / "google_australia.cap").read_bytes()))
    assert (fire.place.lat, fire.place.lon, fire.place.radius_m) == (-35.3888, 147.0598, 25_000.0)
    tsunami = one(cap((CAP / "google_wcatwc-warning.cap").read_bytes()))
    assert (tsunami.severity, tsunami.raw_severity) == (1, "Extreme")
    quake = one(cap((CAP / "google_earthquake-iso8859-1.cap").read_bytes()))
    assert (quake.severity, quake.raw_severity) == (None, "Unknown")
    assert "Usulután" in quake.title
    dam = one(cap((CAP / "kelvinn_taiwan.cap").read_bytes()))
    assert (dam.title, dam.occurred_at.isoformat()) == ("明德水庫:洩洪中", "2014-05-14T12:10:00+00:00")


def test_languages_are_one_hazard_and_chinese_is_read() -> None:
    mapping = {"hazard:11b03": "waterlogging", "category:城市内涝": "0501"}
    found = one(cap(FLOOD, mapping=mapping))
    assert (found.event_id, found.kind) == ("flood@met.example.gov,flood-0001", EnvelopeKind.WARNING)
    assert (found.hazard, found.category, found.title) == ("waterlogging", "0501", "内涝预警")
    assert (found.place.lon, found.place.lat, found.place.radius_m) == (114.3, 30.6, 2500.0)
    assert (found.severity, found.place.address) == (2, "江滩")
    assert found.expires_at is not None
    assert found.expires_at.isoformat() == "2026-11-22T04:15:00+00:00"
    assert one(cap(FLOOD)).hazard == "城市内涝"


def test_two_hazards_are_two_envelopes() -> None:
    second = FLOOD.replace("zh-CN", "en-GB").replace("城市内涝", "Landslide").replace("11B03", "11B99", 0)
    found = cap(second)
    assert [each.event_id.rpartition(",")[2] for each in found] == ["flood-0001", "flood-0001#2"]
    assert [each.hazard for each in found if isinstance(each, Envelope)] == ["urban flooding", "landslide"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Exercise", Exercise.EXERCISE),
        ("Test", Exercise.TEST),
        ("System", Exercise.TEST),
        ("Draft", Exercise.TEST),
    ],
)
def test_only_actual_is_real(status: str, expected: Exercise) -> None:
    assert one(cap(FLOOD)).exercise is Exercise.REAL
    assert one(cap(FLOOD.replace("Actual", status))).exercise is expected


def test_updates_and_cancels_name_what_they_are_about() -> None:
    reference = "<scope>Public</scope><references>a@b,1,2026-11-22T08:00:00+08:00 a@b,2,2026-11-22T08:01:00+08:00</references>"
    for word, kind in (("Update", EnvelopeKind.WARNING), ("Cancel", EnvelopeKind.CANCEL)):
        text = FLOOD.replace(">Alert<", f">{word}<")
        assert dead(cap(text)).params == {"field": "references"}
        found = one(cap(text.replace("<scope>Public</scope>", reference)))
        assert found.kind is kind
        # A Cancel ends every hazard the earlier messages may have had.
        named = [f"a@b,{n}{place}" for n in (1, 2) for place in ("", *(f"#{m}" for m in range(2, 9)))]
        assert found.references == (("a@b,1", "a@b,2") if word == "Update" else tuple(named))


def test_lenient_times_and_a_clock_in_the_future() -> None:
    for sent in ("2026-11-22T00:15:00Z", "2026-11-22T00:15:00.000-00:00", "2026-11-22T08:15:00+08:00"):
        assert one(cap(FLOOD.replace("2026-11-22T08:15:00+08:00", sent))).occurred_at.isoformat() == (
            "2026-11-22T00:15:00+00:00"
        )
    found = one(cap(FLOOD.replace("2026-11-22T08:15:00", "2026-11-23T08:15:00")))
    assert found.occurred_at == NOW
    assert found.sent_at is not None


def test_chinese_character_sets() -> None:
    text = FLOOD.replace("UTF-8", "GB2312")
    assert one(cap(text.encode("gb18030"))).title == "内涝预警"
    assert code(cap(text.replace("GB2312", "GBK").encode("gb18030") + b"\xff\xff")) is DeadCode.ENCODING


def test_status_of_the_wrapper_counts_too() -> None:
    inner = FLOOD.partition("?>")[2]
    space = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
    for status, expected in (
        ("Actual", Exercise.REAL),
        ("Exercise", Exercise.EXERCISE),
        ("Test", Exercise.TEST),
    ):
        wrapped = (
            f'<d:EDXLDistribution xmlns:d="{space}"><d:distributionStatus>{status}</d:distributionStatus>'
            f"<d:contentObject>{inner}</d:contentObject></d:EDXLDistribution>"
        )
        assert one(cap(wrapped)).exercise is expected


BOMB = (
    '<!DOCTYPE alert [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize(
    ("old", "new", "expected", "params"),
    [
        ("<alert", "<!DOCTYPE alert><alert", DeadCode.DTD_FORBIDDEN, {}),
        ("<alert", f"{BOMB}<alert", DeadCode.DTD_FORBIDDEN, {}),
        ("<alert", '<!DOCTYPE alert SYSTEM "http://127.0.0.1:1/a.dtd"><alert', DeadCode.DTD_FORBIDDEN, {}),
        ("Flooding<", "&x;<", DeadCode.NOT_XML, {}),
        ("</alert>", "", DeadCode.NOT_XML, {}),
        ("cap:1.2", "cap:9.9", DeadCode.UNKNOWN_FORMAT, {}),
        ("<identifier>flood-0001</identifier>", "", DeadCode.MISSING_ID, {"field": "identifier"}),
        ("flood-0001", " ", DeadCode.MISSING_ID, {"field": "identifier"}),
        ("flood-0001", "a b", DeadCode.SCHEMA, {"field": "identifier"}),
        ("<scope>Public</scope>", "", DeadCode.SCHEMA, {"expected": "source | scope"}),
        (">Public<", ">Restricted<", DeadCode.MISSING_FIELD, {"field": "restriction"}),
        (">Public<", ">Private<", DeadCode.MISSING_FIELD, {"field": "addresses"}),
        (">Alert<", ">Ack<", DeadCode.REFUSED, {"reason": "msg_type"}),
        (">Actual<", ">Real<", DeadCode.SCHEMA, {"field": "status"}),
        (">Severe<", ">Bad<", DeadCode.SCHEMA, {"field": "severity"}),
        ("<event>Urban flooding</event>", "", DeadCode.SCHEMA, {"field": "urgency"}),
        ("08:15:00+08:00", "08:15:00", DeadCode.SCHEMA, {"field": "sent"}),
        ("2026-11-22T08:15:00", "2026-11-31T08:15:00", DeadCode.BAD_TIME, {"field": "sent"}),
        ("30.50,114.20 ", "", DeadCode.BAD_POSITION, {"reason": "points"}),
        ("30.50,114.20<", "30.51,114.20<", DeadCode.BAD_POSITION, {"reason": "open"}),
        ("30.50,114.20", "30.50;114.20", DeadCode.BAD_POSITION, {"reason": "format"}),
        ("30.50,114.40", "30.50,nan", DeadCode.BAD_POSITION, {"reason": "number"}),
        (
            "30.50,114.20 30.50,114.40 30.70,114.40 30.50,114.20",
            "114.20,30.50 114.40,30.50 114.40,30.70 114.20,30.50",
            DeadCode.SWAPPED_AXES,
            {},
        ),
        ("<areaDesc>Riverside</areaDesc>", "", DeadCode.SCHEMA, {"field": "polygon"}),
        ("</info>", "<a>" * 70 + "</a>" * 70 + "</info>", DeadCode.TOO_DEEP, {}),
        ("Flooding<", "x" * 1024 * 1024 + "<", DeadCode.TOO_LARGE, {}),
    ],
)
def test_broken_on_purpose(old: str, new: str, expected: DeadCode, params: dict[str, str]) -> None:
    # One language only: what is broken is what is read.
    whole = re.sub(r"<info>\s*<language>zh.*?</info>", "", FLOOD, flags=re.DOTALL)
    assert isinstance(cap(whole)[0], Envelope)
    assert old in whole
    broken = dead(cap(whole.replace(old, new)))
    assert broken.code is expected
    assert params.items() <= broken.params.items()
    assert hashlib.sha256(broken.body).digest() == hashlib.sha256(whole.replace(old, new).encode()).digest()


def test_axes_swapped_within_degrees_are_seen_by_where_the_city_is() -> None:
    # Both ways round these are degrees of the earth; only one of them is near the city of the tests.
    swapped = FLOOD.replace("30.60,114.30", "30.60,74.30").replace(
        "30.50,114.20 30.50,114.40 30.70,114.40 30.50,114.20", "30.5,74.2 30.5,74.4 30.7,74.4 30.5,74.2"
    )
    assert isinstance(cap(swapped)[0], Envelope)  # far away is far away
    assert code(cap(FLOOD.replace("30.60,114.30", "114.30,30.60"))) is DeadCode.SWAPPED_AXES


def test_a_polygon_of_very_many_points_is_bounded() -> None:
    points = " ".join(["30.5,114.2"] * 60_000)
    found = dead(cap(FLOOD.replace("<circle>30.60,114.30 2.5</circle>", f"<polygon>{points}</polygon>")))
    assert found.code is DeadCode.TOO_MANY


def test_a_message_that_names_very_many_others_is_bounded() -> None:
    named = " ".join(f"a@b,{n},2026-11-22T08:00:00+08:00" for n in range(501))
    text = FLOOD.replace(">Alert<", ">Cancel<")
    text = text.replace("<scope>Public</scope>", f"<scope>Public</scope><references>{named}</references>")
    assert dead(cap(text)).code is DeadCode.TOO_MANY
