"""What stands in deploy/ is what the code has: commands, settings, ports, search attributes, versions."""

import configparser
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from boot.cli import app
from boot.settings import Settings
from workflows.contract import SEARCH_ATTRIBUTES

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("cityops:")}
EXAMPLE = (DEPLOY / "cityops.env.example").read_text(encoding="utf-8")
CHANGED = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
DEFAULTS = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
PORTS = {"api": 8000, "temporal": 7233, "temporal-ui": 8233, "postgres": 5432, "redis": 6379}


def alias_of(name: str, field: FieldInfo) -> str:
    """Return the name by which pydantic reads a field."""
    alias = field.validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else str(alias or name)


def variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Yield the environment variable of every setting, nested ones with a double underscore."""
    for name, field in model.model_fields.items():
        variable = f"{prefix}{alias_of(name, field)}".upper()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from variables(field.annotation, f"{variable}__")
        else:
            yield variable


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys have capitals
    parser.read(path, encoding="utf-8")
    return parser


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield every call of ours: where it stands, and its words after ``cityops``."""
    for name, service in OURS.items():
        yield f"compose {name}", service["command"]
    for path in UNITS:
        program, *words = shlex.split(unit(path)["Service"]["ExecStart"])
        assert program == "/opt/cityops/.venv/bin/cityops"
        yield path.name, words


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*os.environ]:
        if name.startswith("CITYOPS_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_example_names_every_setting_once_and_no_other() -> None:
    named = [name for name in (*CHANGED, *DEFAULTS) if name.startswith("CITYOPS_")]
    prefix = Settings.model_config["env_prefix"]
    assert prefix == "CITYOPS_"
    assert sorted(named) == sorted(variables(Settings, prefix))


def test_a_commented_line_of_the_example_shows_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Settings()
    for name, value in DEFAULTS.items():
        monkeypatch.setenv(name, value)
    assert Settings() == bare


def test_the_lines_that_a_city_changes_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Settings()
    for name, value in CHANGED.items():
        monkeypatch.setenv(name, value)
    assert Settings() != bare


@pytest.mark.parametrize(("where", "words"), [pytest.param(*call, id=call[0]) for call in commands()])
def test_every_command_is_one_of_ours_with_options_that_it_takes(where: str, words: list[str]) -> None:
    group = typer.main.get_command(app)
    with group.make_context("cityops", [*words], resilient_parsing=False) as context:
        name, command, rest = group.resolve_command(context, [*words])  # type: ignore[attr-defined]
        command.make_context(name, rest, parent=context)
    assert where


def test_the_image_starts_the_command() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert 'ENTRYPOINT ["cityops"]' in text
    assert "cityops" in scripts


def test_the_api_listens_where_everybody_looks_for_it() -> None:
    words = dict(commands())
    assert words["compose api"][-2:] == words["cityops-api.service"][-2:] == ["--port", str(PORTS["api"])]
    assert f"EXPOSE {PORTS['api']}" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert words["cityops-api.service"][1:3] == ["--host", "127.0.0.1"]


def test_only_the_api_and_the_web_ui_are_published_and_only_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "api": [f"127.0.0.1:{PORTS['api']}:8000"],
        "temporal-ui": [f"127.0.0.1:{PORTS['temporal-ui']}:8080"],
    }


def test_our_processes_find_the_servers_by_name_and_port() -> None:
    for service in OURS.values():
        env = service["environment"]
        assert f"@postgres:{PORTS['postgres']}/" in env["CITYOPS_DATABASE_URL"]
        assert f"//redis:{PORTS['redis']}/" in env["CITYOPS_REDIS_URL"]
        assert env["TEMPORAL_ADDRESS"] == f"temporal:{PORTS['temporal']}"
    assert SERVICES["temporal"]["environment"]["FRONTEND_GRPC_PORT"] == str(PORTS["temporal"])
    assert SERVICES["temporal"]["environment"]["DB_PORT"] == str(PORTS["postgres"])


def test_the_readme_gives_the_ports() -> None:
    line = next(
        text for text in (DEPLOY / "README.md").read_text(encoding="utf-8").splitlines() if "Ports:" in text
    )
    assert [int(port) for port in re.findall(r"\d{4}", line)] == [
        PORTS[name] for name in ("api", "temporal", "temporal-ui", "postgres", "redis")
    ]


def test_the_health_check_asks_for_an_address_that_the_api_has() -> None:
    asked = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)", SERVICES["api"]["healthcheck"]["test"][-1])
    assert asked == [(str(PORTS["api"]), "/healthz")]
    assert any('"/healthz"' in path.read_text(encoding="utf-8") for path in (ROOT / "api").rglob("*.py"))


def test_every_variable_of_the_compose_file_stands_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    assert asked <= set(CHANGED)


def test_the_compose_file_waits_for_and_mounts_what_there_is() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        for source, _, _ in (volume.partition(":") for volume in service.get("volumes", [])):
            assert source in COMPOSE["volumes"] or (DEPLOY / source).exists(), f"{name}: {source}"


def test_every_image_is_pinned_and_ours_has_our_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+(\.\d+)?", service["image"]), name
    assert {service["image"] for service in OURS.values()} == {f"cityops:{version}"}


def test_the_cluster_has_the_version_of_the_embedded_server() -> None:
    temporal = Path(sys.executable).parent / "temporal"
    told = subprocess.run([temporal, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Server (\S+), UI (\S+)\)", told)
    assert found is not None, told
    assert SERVICES["temporal"]["image"] == f"temporalio/server:{found[1]}"
    assert SERVICES["temporal-schema"]["image"] == f"temporalio/admin-tools:{found[1]}"
    assert SERVICES["temporal-namespace"]["image"] == f"temporalio/admin-tools:{found[1]}"
    assert SERVICES["temporal-ui"]["image"] == f"temporalio/ui:{found[2]}"


def test_the_namespace_gets_the_search_attributes_of_a_case() -> None:
    script = (DEPLOY / "temporal" / "namespace.sh").read_text(encoding="utf-8")
    made = {
        (name, kind)
        for kind, names in re.findall(r"search-attribute create --type (\w+)((?: --name \w+)+)", script)
        for name in re.findall(r"--name (\w+)", names)
    }
    assert made == {
        (key.name, key.indexed_value_type.name.replace("_", " ").title().replace(" ", ""))
        for key in SEARCH_ATTRIBUTES
    }


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_as_its_own_user_with_the_one_settings_file(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["User"] == "cityops"
    assert service["EnvironmentFile"] == "/etc/cityops/cityops.env"
    assert CHANGED["CITYOPS_DATA_DIR"] == f"/var/lib/{service['StateDirectory']}"
    assert service["ProtectSystem"] == "strict"


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
def test_a_script_is_one_that_a_plain_shell_reads(path: Path) -> None:
    assert os.access(path, os.X_OK)
    subprocess.run(["sh", "-n", path], check=True)


def test_the_image_is_made_of_the_rooms_and_the_packs() -> None:
    kept = re.findall(
        r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8"), re.MULTILINE
    )
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    rooms = tools["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(kept) == sorted([*rooms, "cities", "requirements", "LICENSE", "pyproject.toml"])
