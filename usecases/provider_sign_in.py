"""Signing in by the city's identity provider: out to it, back from it, and whose account that is.

What was asked is kept in a row bound to one browser by a cookie, and used up by the answer.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.password import plain_account
from store.rows_people import Account, UnableToAddAccount, Waiting, WaitKind
from usecases.access import Provider
from usecases.city import City
from usecases.deeds import note
from usecases.oidc import authorization_url, exchange, failed, verified
from usecases.problems import BadRequest, ProblemCode
from usecases.signing import PATIENCE, Passed, Step, digest_of, drawn_token, go_on, works

CALLBACK = "/sign-in/provider/back"
MOST_ONWARD = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """Where the browser goes, and the token its cookie holds meanwhile."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Return:
    """What the browser brings back from the provider. ``error`` is the provider's word for a refusal."""

    token: str = field(repr=False)
    state: str = field(repr=False)
    code: str = field(default="", repr=False)
    error: str = ""
    issuer: str = ""


def depart(*, city: City, at: datetime, onward: str = "") -> Departure:
    """Begin a sign-in at the provider; ``onward`` is kept for the way back.

    Raises BadRequest: not_found (there is none), provider_failed.
    """
    provider = _provider(city)
    state, nonce, verifier = (drawn_token(city) for _ in range(3))
    url = authorization_url(
        provider=provider,
        at=at,
        redirect_uri=redirect_uri(city),
        state=state,
        nonce=nonce,
        verifier=verifier,
    )
    token = drawn_token(city)
    waiting = Waiting(
        digest=digest_of(token),
        kind=WaitKind.PROVIDER,
        account=None,
        data={"state": state, "nonce": nonce, "verifier": verifier, "onward": onward[:MOST_ONWARD]},
        expires_at=at + PATIENCE,
    )
    city.store.put_waiting(waiting=waiting)
    return Departure(url=url, token=token)


def come_back(
    *, city: City, back: Return, at: datetime, device: str = "", phone: bool = False
) -> tuple[Step, str]:
    """Return the next step of whoever the provider vouches for, and where they wanted to go.

    Raises BadRequest: sign_in_needed (it took too long, or another browser asked),
    provider_failed, provider_unknown, account_disabled.
    """
    provider = _provider(city)
    waiting = city.store.take_waiting(digest=digest_of(back.token), at=at) if back.token else None
    if waiting is None or waiting.kind is not WaitKind.PROVIDER:
        raise BadRequest(ProblemCode.SIGN_IN_NEEDED)
    asked = waiting.data
    if not hmac.compare_digest(back.state.encode(), str(asked["state"]).encode()):
        raise failed("state")
    if back.issuer and back.issuer != provider.issuer:
        raise failed("iss")
    if back.error or not back.code:
        raise failed("refused")
    token = exchange(
        provider=provider, at=at, redirect_uri=redirect_uri(city), code=back.code, verifier=asked["verifier"]
    )
    claims = verified(provider=provider, at=at, token=token, nonce=asked["nonce"])
    account = _account(city, provider, claims)
    passed = Passed(way="provider", device=device, phone=phone, strong=provider.second_factor)
    return go_on(city=city, account=account, passed=passed, at=at), str(asked["onward"])


def redirect_uri(city: City) -> str:
    """Return the address the provider sends people back to; it must be registered there."""
    return f"{city.access.public_url}{CALLBACK}"


def _provider(city: City) -> Provider:
    if city.access.provider is None:
        raise BadRequest(ProblemCode.NOT_FOUND, path=CALLBACK)
    return city.access.provider


def _account(city: City, provider: Provider, claims: Mapping[str, Any]) -> Account:
    """Return whose account it is: linked before, or by the claim the installation trusts."""
    subject = f"{provider.issuer} {claims['sub']}"
    found = city.store.account_of_subject(subject=subject)
    if found is None:
        found = _linked(city, provider, claims, subject)
    if found is None or not works(city=city, account=found):
        raise BadRequest(ProblemCode.PROVIDER_UNKNOWN)
    if found.disabled:
        raise BadRequest(ProblemCode.ACCOUNT_DISABLED)
    return found


def _linked(city: City, provider: Provider, claims: Mapping[str, Any], subject: str) -> Account | None:
    """Link an account nobody is linked to yet whose name the trusted claim says."""
    said = claims.get(provider.claim) if provider.claim else None
    if not isinstance(said, str) or not said.isprintable():
        return None
    if provider.claim == "email" and claims.get("email_verified") is not True:
        return None
    found = city.store.account(account=plain_account(said))
    if found is None or found.subject is not None or found.disabled or not works(city=city, account=found):
        return None
    try:
        city.store.change_account(account=found.account, subject=subject)
    except UnableToAddAccount:
        return None
    note(city=city, who=found.account, kind="account_linked", object=found.account, detail={"linked": True})
    return city.store.account(account=found.account)
