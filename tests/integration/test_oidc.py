"""Signing in by an identity provider: a real one on this machine, and tokens that do not hold."""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from boot.stack import free_port
from domain.account import Post
from store.engine import Store
from tests.integration.people_city import COMMAND, KEEPER, city_of, entered, opened, quick_hashing
from usecases import oidc
from usecases.access import Access, Provider
from usecases.accounts import close_account, link_subject
from usecases.city import City, Grounds
from usecases.oidc import challenge, exchange, verified
from usecases.problems import BadRequest
from usecases.provider_sign_in import Return, come_back, depart, redirect_uri
from usecases.sign_in import EnrolNeeded, principal_of

__all__ = ["quick_hashing"]


PEOPLE = ({"sub": "s-1", "preferred_username": "wang"}, {"sub": "s-2", "email": "li"})


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Run the provider as a process of its own: its library warns of what its authors will change."""
    port = free_port()
    known = [part for person in PEOPLE for part in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *known]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(300):
                if _answers(address):
                    break
                time.sleep(0.1)
            yield address
        finally:
            server.terminate()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/.well-known/openid-configuration").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def city(wuhan: Grounds, store: Store, issuer: str) -> City:
    oidc._ENDPOINTS.clear()
    oidc._KEYS.clear()
    provider = Provider(
        issuer=issuer, client_id="cityops", client_secret="secret", claim="preferred_username",
        scopes=("openid", "profile", "email"),
    )  # fmt: skip
    return city_of(wuhan, store, Access(factor_posts=frozenset(), provider=provider))


def now() -> datetime:
    """Return real time: the provider's tokens are dated by it."""
    return datetime.now(UTC)


def signed_in_there(url: str, sub: str) -> dict[str, str]:
    """Sign in at the provider as a person would; return what the browser brings back."""
    answer = httpx.post(url, data={"sub": sub, "action": "authorize"}, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def brought(city: City, sub: str, onward: str = "") -> Return:
    left = depart(city=city, at=now(), onward=onward)
    said = signed_in_there(left.url, sub)
    return Return(token=left.token, state=said["state"], code=said["code"])


def code_of(call: Callable[..., object], **given: object) -> tuple[str, str]:
    with pytest.raises(BadRequest) as refused:
        call(**given)
    finding = refused.value.finding
    return finding.code.value, finding.params.get("detail", "")


def token_of(city: City) -> tuple[str, str]:
    """Return an ID token the provider really signed for us, and the nonce it was asked with."""
    left = depart(city=city, at=now())
    asked = {name: values[0] for name, values in parse_qs(urlsplit(left.url).query).items()}
    said = signed_in_there(left.url, "s-1")
    assert city.access.provider is not None
    token = exchange(
        provider=city.access.provider, at=now(), redirect_uri=redirect_uri(city), code=said["code"],
        verifier="v" * 43,
    )  # fmt: skip
    return token, asked["nonce"]


def test_the_trusted_claim_links_once_and_the_subject_signs_in_from_then_on(city: City) -> None:
    opened(city)
    step, onward = come_back(city=city, back=brought(city, "s-1", "/cases?x=1"), at=now(), device="Firefox")
    found = entered(step)
    assert (found.who.account, onward) == ("wang", "/cases?x=1")
    assert principal_of(city=city, token=found.token, at=now()) is not None
    account = city.store.account(account="wang")
    assert account is not None
    assert account.subject == f"{city.access.provider.issuer if city.access.provider else ''} s-1"
    # The claim has done its work: without it the link still stands.
    assert city.access.provider is not None
    plain = replace(city, access=replace(city.access, provider=replace(city.access.provider, claim="")))
    entered(come_back(city=plain, back=brought(plain, "s-1"), at=now())[0])


def test_what_is_asked_carries_pkce_state_and_nonce_of_its_own_each_time(city: City) -> None:
    first, second = (depart(city=city, at=now()) for _ in range(2))
    asked = [parse_qs(urlsplit(one.url).query) for one in (first, second)]
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) == 43
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["redirect_uri"] == [redirect_uri(city)]
    # RFC 7636, appendix B.
    known = challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert known == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_somebody_nobody_named_is_not_let_in(city: City) -> None:
    opened(city, "li")
    assert code_of(come_back, city=city, back=brought(city, "s-2"), at=now())[0] == "provider_unknown"
    # An address that was not verified links nobody, even where the installation trusts addresses.
    assert city.access.provider is not None
    by_mail = replace(
        city, access=replace(city.access, provider=replace(city.access.provider, claim="email"))
    )
    assert code_of(come_back, city=by_mail, back=brought(by_mail, "s-2"), at=now())[0] == "provider_unknown"
    link_subject(city=city, who=KEEPER, account="li", subject="s-2")
    assert entered(come_back(city=city, back=brought(city, "s-2"), at=now())[0]).who.account == "li"
    close_account(city=city, who=KEEPER, account="li")
    assert code_of(come_back, city=city, back=brought(city, "s-2"), at=now())[0] == "account_disabled"


def test_a_post_that_needs_a_second_factor_needs_it_after_the_provider_too(city: City) -> None:
    opened(city, "wang", Post.CITY_SUPERVISOR, COMMAND)
    access = replace(city.access, factor_posts=frozenset({Post.CITY_SUPERVISOR}))
    strict = replace(city, access=access)
    step, _ = come_back(city=strict, back=brought(strict, "s-1"), at=now())
    assert isinstance(step, EnrolNeeded)
    assert access.provider is not None
    trusting = replace(city, access=replace(access, provider=replace(access.provider, second_factor=True)))
    assert entered(come_back(city=trusting, back=brought(trusting, "s-1"), at=now())[0]).who.strong


def test_an_answer_counts_once_in_the_browser_that_asked_with_the_state_it_asked_with(city: City) -> None:
    opened(city)
    back = brought(city, "s-1")
    entered(come_back(city=city, back=back, at=now())[0])
    assert code_of(come_back, city=city, back=back, at=now())[0] == "sign_in_needed"
    other = replace(brought(city, "s-1"), token="another browser")
    assert code_of(come_back, city=city, back=other, at=now())[0] == "sign_in_needed"
    late = brought(city, "s-1")
    assert code_of(come_back, city=city, back=late, at=now() + timedelta(minutes=11))[0] == "sign_in_needed"
    mixed = replace(brought(city, "s-1"), state="x" * 43)
    assert code_of(come_back, city=city, back=mixed, at=now()) == ("provider_failed", "state")
    foreign = replace(brought(city, "s-1"), issuer="https://elsewhere.example")
    assert code_of(come_back, city=city, back=foreign, at=now()) == ("provider_failed", "iss")
    refused = replace(brought(city, "s-1"), error="access_denied")
    assert code_of(come_back, city=city, back=refused, at=now()) == ("provider_failed", "refused")
    spent = replace(brought(city, "s-1"), code="made-up")
    assert code_of(come_back, city=city, back=spent, at=now()) == ("provider_failed", "token: 400")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nonce": "other"}, "nonce"),
        ({"after": timedelta(hours=2)}, "exp"),
        ({"after": -timedelta(hours=2)}, "iat"),
        ({"client_id": "somebody-else"}, "aud"),
    ],
)
def test_a_real_token_does_not_hold_for_another_question_time_or_client(
    city: City, change: dict[str, object], said: str
) -> None:
    token, nonce = token_of(city)
    assert city.access.provider is not None
    provider = replace(city.access.provider, client_id=str(change.get("client_id", "cityops")))
    after = change.get("after", timedelta())
    assert isinstance(after, timedelta)
    asked = {"provider": provider, "at": now() + after, "token": token, "nonce": change.get("nonce", nonce)}
    assert code_of(verified, **asked) == ("provider_failed", said)
    assert verified(provider=city.access.provider, at=now(), token=token, nonce=nonce)["sub"] == "s-1"


def test_forged_tokens_do_not_hold(city: City) -> None:
    token, nonce = token_of(city)
    provider = city.access.provider
    assert provider is not None
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    kid = json.loads(base64.urlsafe_b64decode(head + "==")).get("kid")
    stranger = RSAKey.generate_key(2048)
    own = {"alg": "RS256"} if kid is None else {"alg": "RS256", "kid": kid}
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    other = {**claims, "sub": "s-2"}
    changed = base64.urlsafe_b64encode(json.dumps(other).encode()).rstrip(b"=").decode()
    forged = [
        jwt.encode(own, claims, stranger),
        f"{none}.{body}.",
        f"{head}.{changed}.{signature}",
        "no token at all",
    ]
    for one in forged:
        code, said = code_of(verified, provider=provider, at=now(), token=one, nonce=nonce)
        assert (code, said.partition(":")[0]) == ("provider_failed", "signature")
    narrow = replace(provider, algorithms=("ES256",))
    assert code_of(verified, provider=narrow, at=now(), token=token, nonce=nonce)[0] == "provider_failed"


def test_a_provider_that_is_away_or_says_another_issuer_is_told_without_details(city: City) -> None:
    assert city.access.provider is not None

    def of(issuer: str) -> City:
        assert city.access.provider is not None
        provider = replace(city.access.provider, issuer=issuer)
        return replace(city, access=replace(city.access, provider=provider))

    away = of(f"http://127.0.0.1:{free_port()}")
    assert code_of(depart, city=away, at=now()) == ("provider_failed", "discovery: ConnectError")
    alias = of(city.access.provider.issuer.replace("127.0.0.1", "localhost") + "/")
    assert code_of(depart, city=alias, at=now())[0] == "provider_failed"
    assert code_of(depart, city=of("http://idp.example"), at=now()) == ("provider_failed", "https")
