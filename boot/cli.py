"""The ``cityops`` command. Imports are made where a command needs them: help must be quick."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Annotated

import typer

from boot import (
    cli_accounts,
    cli_case,
    cli_devices,
    cli_duty,
    cli_inbound,
    cli_pack,
    cli_plan,
    cli_rules,
    cli_sources,
    cli_whatif,
)
from boot.log import configure
from boot.settings import Settings

app = typer.Typer(
    name="cityops",
    help="城市事件指挥调度引擎 / city-operations event dispatch engine",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(cli_case.app, name="case")
app.add_typer(cli_accounts.app, name="account")
app.add_typer(cli_pack.app, name="pack")
app.add_typer(cli_sources.app, name="source")
app.add_typer(cli_devices.app, name="devices")
app.add_typer(cli_inbound.app, name="inbound")
app.command("check")(cli_pack.check)
app.command("duty")(cli_duty.duty)
app.command("route")(cli_rules.route)
app.command("simulate")(cli_rules.simulate)
app.command("whatif")(cli_whatif.whatif)
app.command("plan")(cli_plan.plan)
app.command("apply")(cli_plan.apply)

Host = Annotated[str, typer.Option(help="address to listen on")]
Port = Annotated[int, typer.Option(help="port to listen on")]


def _settings() -> Settings:
    settings = Settings()
    configure(json_lines=settings.log.json_lines)
    return settings


@app.command()
def api(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the JSON API."""
    from boot.api import serve

    serve(settings=_settings(), host=host, port=port)


@app.command()
def worker() -> None:
    """Run case workflows."""
    from boot.worker import run

    _run(run(_settings()))


@app.command()
def relay() -> None:
    """Carry what the store owes: case starts, late commands, messages to people."""
    from boot.relay import run

    _run(run(_settings()))


@app.command()
def mqtt() -> None:
    """Listen to an MQTT broker: keep what sensors publish, acknowledge what is durable."""
    from boot.mqtt import UnableToListen, run

    try:
        _run(run(_settings()))
    except UnableToListen as error:
        typer.echo(f"MQTT 设置有误 / {error}", err=True)
        raise typer.Exit(2) from None


@app.command()
def migrate() -> None:
    """Bring the database up to date and publish the pack's units, areas and atlas."""
    from boot.wiring import prepare

    prepare(_settings())


@app.command()
def up(
    port: Annotated[int, typer.Option(help="port of the API")] = 8000,
    temporal_port: Annotated[int, typer.Option(help="port of the embedded Temporal server")] = 7233,
    ui_port: Annotated[int, typer.Option(help="port of the Temporal Web UI")] = 8233,
) -> None:
    """Start the embedded stack; its data stays in the data folder, open cases go on."""
    from boot.stack import Ports
    from boot.up import run

    ports = Ports(api=port, temporal=temporal_port, temporal_ui=ui_port)
    raise typer.Exit(asyncio.run(run(settings=_settings(), ports=ports)))


@app.command()
def demo(
    exit_: Annotated[bool, typer.Option("--exit", help="end after the closing figures")] = False,  # noqa: FBT002 - a command line flag
    reports: Annotated[int, typer.Option(help="reports and alerts of the day", min=60)] = 420,
    minutes: Annotated[float, typer.Option(help="machine minutes the day takes", min=0.5)] = 2.0,
    seed: Annotated[int, typer.Option(help="seed of the generated day")] = 20261122,
) -> None:
    """Play a day of a city through the public API with simulated staff."""
    from boot.demo.run import Plan, run

    plan = Plan(reports=reports, minutes=minutes, seed=seed, leave=exit_)
    raise typer.Exit(asyncio.run(run(settings=_settings(), plan=plan)))


def _run(process: Coroutine[object, object, None]) -> None:
    """Run a process main; leave without the interpreter's shutdown, which the SDK's threads can crash."""
    asyncio.run(process)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def main() -> None:
    """Run the command line."""
    app()
