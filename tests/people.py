"""People of the demonstration as tests sign them in: by the page, as anybody does with one click."""

import re

import httpx

CSRF = re.compile(r'name="csrf" value="([^"]+)"')


async def sign_in(http: httpx.AsyncClient, account: str) -> None:
    """Sign somebody in with this client; its cookies are theirs from now on."""
    page = await http.get("/sign-in")
    found = CSRF.search(page.text)
    assert found is not None, page.text[:500]
    answer = await http.post("/sign-in/as", data={"csrf": found[1], "account": account})
    assert answer.status_code == 303, f"{answer.status_code} {answer.text[:500]}"


async def sign_out(http: httpx.AsyncClient) -> None:
    """Sign out whoever is signed in with this client."""
    page = await http.get("/profile")
    found = CSRF.search(page.text)
    assert found is not None, page.text[:500]
    answer = await http.post("/sign-out", data={"csrf": found[1]})
    assert answer.status_code == 303, f"{answer.status_code} {answer.text[:500]}"
