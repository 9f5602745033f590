"""Talking to the city's identity provider: OpenID Connect, authorization code with PKCE.

What it says of itself is asked once an hour and taken only where it fits its issuer; what it
says of a person is taken only under a signature of its keys by an algorithm we allow
(OpenID Connect Core 1.0, 3.1.3.7; RFC 9700).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from usecases.access import Provider
from usecases.problems import BadRequest, ProblemCode

TIMEOUT_S = 5.0
MOST_BYTES = 512 * 1024
KEPT = timedelta(hours=1)
AGAIN = timedelta(minutes=1)
"""Keys are asked for anew at most that often when a token names one we do not know."""
LEEWAY = timedelta(minutes=1)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoints:
    """What a provider says of itself, and when it was asked."""

    authorization: str
    token: str
    jwks: str
    asked_at: datetime


_ENDPOINTS: dict[str, Endpoints] = {}
_KEYS: dict[str, tuple[datetime, KeySet]] = {}


def failed(detail: str) -> BadRequest:
    """Return the refusal for an answer that does not hold; ``detail`` is a word of ours, nothing of a person's."""
    log.warning("identity provider", failed=detail)
    return BadRequest(ProblemCode.PROVIDER_FAILED, detail=detail)


def challenge(verifier: str) -> str:
    """Return the PKCE challenge of a verifier (RFC 7636, S256)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization_url(
    *, provider: Provider, at: datetime, redirect_uri: str, state: str, nonce: str, verifier: str
) -> str:
    """Return where the browser goes to sign in. Raises BadRequest (provider_failed)."""
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(provider.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }
    address = endpoints(provider=provider, at=at).authorization
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"


def exchange(*, provider: Provider, at: datetime, redirect_uri: str, code: str, verifier: str) -> str:
    """Return the ID token that a code is worth. Raises BadRequest (provider_failed)."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": provider.client_id,
    }
    auth = httpx.BasicAuth(provider.client_id, provider.client_secret) if provider.client_secret else None
    address = endpoints(provider=provider, at=at).token
    answer = _asked("token", address, form=form, auth=auth)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise failed("id_token")
    return token


def verified(*, provider: Provider, at: datetime, token: str, nonce: str) -> Mapping[str, Any]:
    """Return what an ID token says, once it holds. Raises BadRequest (provider_failed)."""
    claims = _signed(provider, at, token)
    audience = claims.get("aud")
    heard = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    given = claims.get("nonce")
    checks = {
        "iss": claims.get("iss") == provider.issuer,
        "aud": provider.client_id in heard,
        "azp": len(heard) < 2 or claims.get("azp") == provider.client_id,
        "exp": _time(claims, "exp") > (at - LEEWAY).timestamp(),
        "iat": 0 < _time(claims, "iat") <= (at + LEEWAY).timestamp(),
        "nonce": isinstance(given, str) and hmac.compare_digest(given.encode(), nonce.encode()),
        "sub": isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255,
    }
    for name, holds in checks.items():
        if not holds:
            raise failed(name)
    return claims


def endpoints(*, provider: Provider, at: datetime) -> Endpoints:
    """Return what the provider says of itself. Raises BadRequest (provider_failed)."""
    kept = _ENDPOINTS.get(provider.issuer)
    if kept is not None and kept.asked_at <= at < kept.asked_at + KEPT:
        return kept
    _allowed(provider.issuer)
    found = _asked("discovery", f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer:
        raise failed("issuer")
    asked = Endpoints(
        authorization=_address(found, "authorization_endpoint"),
        token=_address(found, "token_endpoint"),
        jwks=_address(found, "jwks_uri"),
        asked_at=at,
    )
    _ENDPOINTS[provider.issuer] = asked
    return asked


def _signed(provider: Provider, at: datetime, token: str) -> dict[str, Any]:
    """Return the claims of a token under a good signature; keys are asked for anew once where none fits."""
    for fresh in (False, True):
        keys = _keys(provider, at, fresh=fresh)
        try:
            return jwt.decode(token, keys, algorithms=list(provider.algorithms)).claims
        except (JoseError, ValueError) as error:
            reason = type(error).__name__
    raise failed(f"signature: {reason}")


def _keys(provider: Provider, at: datetime, *, fresh: bool) -> KeySet:
    kept = _KEYS.get(provider.issuer)
    most = AGAIN if fresh else KEPT
    if kept is not None and kept[0] <= at < kept[0] + most:
        return kept[1]
    found = _asked("jwks", endpoints(provider=provider, at=at).jwks)
    try:
        keys = KeySet.import_key_set({"keys": found.get("keys", [])})
    except (JoseError, ValueError, TypeError, KeyError):
        raise failed("jwks") from None
    _KEYS[provider.issuer] = (at, keys)
    return keys


def _asked(
    what: str, address: str, *, form: Mapping[str, str] | None = None, auth: httpx.Auth | None = None
) -> dict[str, Any]:
    """Return the JSON object an address answers with: no redirects, no proxy, not long, not large."""
    headers = {"Accept": "application/json"}
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as http,
            http.stream(
                "GET" if form is None else "POST",
                address,
                data=form,
                auth=auth or httpx.Auth(),
                headers=headers,
            ) as answer,
        ):
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise failed(f"{what}: size")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise failed(f"{what}: {type(error).__name__}") from None
    if answer.status_code != 200:
        raise failed(f"{what}: {answer.status_code}")
    try:
        found = json.loads(body)
    except ValueError:
        raise failed(f"{what}: JSON") from None
    if not isinstance(found, dict):
        raise failed(f"{what}: JSON")
    return found


def _address(found: Mapping[str, Any], name: str) -> str:
    address = found.get(name)
    if not isinstance(address, str):
        raise failed(name)
    _allowed(address)
    return address


def _allowed(address: str) -> None:
    """Insist on https; a provider on this very machine may do without."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise failed("https")


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
