"""Is the process up, is it ready, and does the whole keep its deadlines?"""

from typing import Any

import structlog
from fastapi import APIRouter, Depends, Request, Response

from api.answers import refusals
from api.doors import PUBLIC
from api.state import service
from usecases.audit import audit
from usecases.problems import BadRequest, ProblemCode

router = APIRouter(tags=["health"])
_UNHEALTHY: dict[int | str, dict[str, Any]] = {
    503: {"description": "A deadline passed unnoticed (``late``) or something owed does not move (``stuck``)"}
}
log = structlog.get_logger()


@router.get("/livez", dependencies=[Depends(PUBLIC)])
def get_livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", dependencies=[Depends(PUBLIC)], responses=refusals(503))
def get_readyz(request: Request) -> dict[str, str]:
    """The store answers, so reports can be taken (also while Temporal is down)."""
    try:
        service(request).city.store.ping()
    except Exception as error:
        # Whatever keeps the store from answering, this process takes no reports now.
        log.warning("not ready", error=type(error).__name__)
        raise BadRequest(ProblemCode.OVERLOADED) from error
    return {"status": "ok", "pack": service(request).city.pack.version}


@router.get("/healthz", dependencies=[Depends(PUBLIC)], responses=_UNHEALTHY)
def get_healthz(request: Request, response: Response) -> dict[str, Any]:
    """The auditor's finding: every open case has a deadline armed in the future, and queues move."""
    finding = audit(city=service(request).city)
    if not finding.healthy:
        response.status_code = 503
    return finding.as_dict()
