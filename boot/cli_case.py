"""``cityops case …``: read a case's history as a timeline, act on a case. Both go through the API."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import typer
from rich.console import Console
from rich.table import Table

from boot.settings import Settings

app = typer.Typer(help="案件 / cases", no_args_is_help=True)
console = Console()

Number = Annotated[str, typer.Argument(help="case number")]
Url = Annotated[str | None, typer.Option(help="address of the API (default: CITYOPS_PUBLIC_URL)")]
As = Annotated[
    str, typer.Option("--as", help="actor, for example 'id=li; role=handler; unit=420102-SANITATION'")
]
Field = Annotated[
    list[str] | None, typer.Option("--set", help="a field, for example reason=不在辖区; may be repeated")
]


@app.command()
def show(number: Number, url: Url = None) -> None:
    """Show a case and everything that happened to it."""
    body = _answer(httpx.get(f"{_base(url)}/api/v1/cases/{number}/history"))
    zone = ZoneInfo(_answer(httpx.get(f"{_base(url)}/api/v1/city"))["city"]["timezone"])
    _head(body["case"], zone)
    table = Table("时间 when", "事项 what", "转移 move", "操作者 actor", "依据 data", expand=False)
    for fact in body["facts"]:
        actor = fact["actor"]
        move = "" if fact["source"] == fact["target"] else f"{fact['source'] or '–'} → {fact['target']}"
        data = "\n".join(f"{key}: {value}" for key, value in fact["data"].items())
        who = " ".join(part for part in (actor["role"], actor["id"], actor["unit"]) if part)
        table.add_row(_time(fact["at"], zone), f"{fact['kind']} (#{fact['row']})", move, who, data)
    console.print(table)


@app.command()
def act(number: Number, kind: str, actor: As, fields: Field = None, url: Url = None) -> None:
    """Act on a case: sign_in, request_return, submit_result, record_check, close_case, record_visit and others."""
    body: dict[str, Any] = {"kind": kind}
    for field in fields or []:
        name, _, text = field.partition("=")
        body[name] = _value(text)
    answer = httpx.post(
        f"{_base(url)}/api/v1/cases/{number}/commands",
        json=body,
        headers={"X-Cityops-Actor": actor},
        timeout=30.0,
    )
    done = _answer(answer)
    state = "已受理，稍后执行 accepted, will be carried out" if done["pending"] else "已执行 done"
    console.print(f"{state}: {done['case']['status_zh']} {done['case']['status']}")


def _base(url: str | None) -> str:
    return (url or Settings().public_url).rstrip("/")


def _answer(response: httpx.Response) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    if response.is_error:
        console.print(
            f"[red]{body.get('code')}[/]: {body.get('detail')}\n{body.get('detail_en')}", soft_wrap=True
        )
        for error in body.get("errors", []):
            console.print(f"  {error['pointer']}: {error['detail']}")
        raise typer.Exit(1)
    return body


def _head(case: dict[str, Any], zone: ZoneInfo) -> None:
    areas = " › ".join(area["name"] for area in case["place"]["chain"])
    console.print(
        f"[bold]{case['case_no']}[/] {case['category']} {case['category_name']} · {case['status_zh']}"
    )
    console.print(
        f"  地点 place {areas or '未定位 not located'} · 主办 owner {case['owner']} · 层级 level {case['level']}"
    )
    due = _time(case["handling_due"], zone)
    console.print(f"  处置截止 handling due {due} · 督办 supervisors {', '.join(case['supervisors']) or '–'}")


def _time(text: str | None, zone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%m-%d %H:%M:%S}" if text else "–"


def _value(text: str) -> str | bool | int | float:
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text)
    except ValueError:
        return text
