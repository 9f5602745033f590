"""Is the process up, is it ready, and does the whole keep its deadlines?"""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.state import service
from usecases.audit import audit

router = APIRouter(tags=["health"])


@router.get("/livez")
def get_livez() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def get_readyz(request: Request) -> dict[str, str]:
    """The store answers, so reports can be taken (also while Temporal is down)."""
    service(request).city.store.ping()
    return {"status": "ok", "pack": service(request).city.pack.version}


@router.get("/healthz")
def get_healthz(request: Request, response: Response) -> dict[str, Any]:
    """The auditor's finding: every open case has a deadline armed in the future, and queues move."""
    finding = audit(city=service(request).city)
    if not finding.healthy:
        response.status_code = 503
    return finding.as_dict()
