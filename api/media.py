"""Bodies are JSON and say so."""

from fastapi import Request

from usecases.problems import BadRequest, ProblemCode


async def json_only(request: Request) -> None:
    """Refuse another content type by its name; otherwise its body would only "not fit the schema"."""
    given = request.headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise BadRequest(ProblemCode.UNSUPPORTED_MEDIA_TYPE, given=given[:60] or "-")
