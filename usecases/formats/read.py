"""One door to all formats: bytes in, envelopes and dead parts out, never an exception."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from domain.envelope import DeadCode, Envelope, Unreadable
from domain.place import Crs
from domain.source import Source, WireFormat
from usecases.formats.cap import read_cap
from usecases.formats.cloudevents import read_cloudevents
from usecases.formats.envelopes import Reading
from usecases.formats.faults import UnableToRead
from usecases.formats.frame import Frame
from usecases.formats.json_mapped import read_json
from usecases.formats.jsontext import clean
from usecases.formats.mapping import UnableToMap, rules_of
from usecases.formats.ngsi_ld import read_ngsi_ld
from usecases.formats.sensorthings import read_sensorthings
from usecases.formats.shapes import Box

_READERS: Mapping[WireFormat, Callable[[Frame], Iterator[Envelope | Unreadable]]] = {
    WireFormat.JSON: read_json,
    WireFormat.CLOUDEVENTS: read_cloudevents,
    WireFormat.CAP: read_cap,
    WireFormat.SENSORTHINGS: read_sensorthings,
    WireFormat.NGSI_LD: read_ngsi_ld,
}


def read(
    *,
    form: WireFormat,
    body: bytes,
    content_type: str,
    headers: Mapping[str, str],
    source: Source,
    received_at: datetime,
    crs: Crs = Crs.WGS84,
    bbox: Box | None = None,
) -> list[Envelope | Unreadable]:
    """Return what a message says, part by part, in its order. Never raises, whatever the bytes are.

    A batch is read part by part: a bad part is an Unreadable with its own bytes and a reason, the
    others go on. ``crs`` is that of the source's channel, for formats that do not fix their own; ``bbox``
    (west, south, east, north in degrees) is about where the city lies and lets swapped axes be seen. The same
    bytes with the same ``received_at`` give the same envelopes.
    """
    try:
        frame = Frame(
            body=body,
            content_type=content_type,
            headers={clean(name).lower(): clean(text) for name, text in headers.items()},
            reading=Reading(
                source=source, rules=rules_of(source.mapping), received_at=received_at, crs=crs, bbox=bbox
            ),
        )
        return list(_READERS[form](frame))
    except UnableToRead as error:
        return [error.part(body)]
    except UnableToMap as error:
        return [UnableToRead(DeadCode.NO_MAPPING, detail=str(error).replace("\n", "; ")).part(body)]
    except Exception as error:  # noqa: BLE001 - a fault of ours must not lose a message
        return [Unreadable(code=DeadCode.FAULT, params={"fault": type(error).__name__}, body=body)]
