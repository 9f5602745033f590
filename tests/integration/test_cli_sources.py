"""``cityops source …`` on a database: what it prints, changes and refuses."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from boot.cli import app
from store.engine import Store, open_store
from store.pack import load
from tests.unit.small_pack import write

NOW = datetime(2026, 11, 22, tzinfo=UTC)
Cli = Callable[..., str]
SOURCES = """
[[source]]
name = "gas-utility"
title_zh = "燃气"
title_en = "Gas"
channel = "hotline"
scopes = ["alerts:write"]
per_minute = 6000
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Return a small pack with one source."""
    folder = write(tmp_path / "pack")
    (folder / "sources.toml").write_text(SOURCES, encoding="utf-8")
    return folder


@pytest.fixture
def cli(database_url: str, tmp_path: Path, pack: Path) -> Cli:
    """Return the command line on a test's database, as a function of its words."""
    env = {
        "CITYOPS_DATABASE_URL": database_url, "CITYOPS_DATA_DIR": str(tmp_path), "CITYOPS_PACK": str(pack),
        "COLUMNS": "200",
    }  # fmt: skip

    def run(*words: str, code: int = 0) -> str:
        said = CliRunner().invoke(app, ["source", *words], env=env)
        assert said.exit_code == code, f"{words}: {said.output} {said.exception}"
        return said.stdout.strip()

    return run


@pytest.fixture
def there(database_url: str, pack: Path) -> Store:
    """Return the database with the pack's source in it."""
    store = open_store(database_url)
    store.publish_sources(sources=load(folder=pack).sources, at=NOW)
    return store


def test_applying_a_pack_shows_what_people_changed_and_then_undoes_it(cli: Cli, there: Store) -> None:
    gas = there.source(name="gas-utility")
    assert gas is not None
    there.put_source(source=replace(gas, mapping={"subject": "dev"}, per_minute=7), at=NOW)
    there.enable_source(name="gas-utility", enabled=False)
    shown = cli("apply", "--dry-run")
    assert "gas-utility: mapping: subject=dev → –" in shown
    assert "per_minute: 7 → 6000" in shown
    assert shown.endswith("1")
    kept = there.source(name="gas-utility")
    assert kept is not None
    assert kept.mapping == {"subject": "dev"}
    assert cli("apply").endswith("1")
    assert cli("apply").endswith("0")
    after = there.source(name="gas-utility")
    assert after is not None
    # Who was kept out stays out, and letters read with the old mapping can be told from new ones.
    assert (after.mapping, after.per_minute, after.enabled, after.mapping_version) == ({}, 6000, False, 3)
    there.close()


def test_a_source_is_added_with_its_mapping_once(cli: Cli, there: Store, tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text('[mapping]\nsubject = "dev.id"\n[severities]\n"高" = 1\n', encoding="utf-8")
    words = ("--channel", "hotline", "--scope", "alerts:write", "--mapping", str(file))
    cli("add", "pumps", *words)
    assert "已存在" in cli("add", "pumps", *words, code=1)
    assert "subject ← dev.id" in cli("show", "pumps")
    file.write_text('[mapping]\nnonsense = "x"\n', encoding="utf-8")
    assert "nonsense" in cli("add", "others", *words, code=1)
    assert "fax" in cli("add", "others", "--channel", "fax", "--scope", "alerts:write", code=1)
    assert "Pumps" in cli("add", "Pumps", *words, code=1)
    file.write_text("[mapping", encoding="utf-8")
    cli("add", "others", *words, code=1)
    assert there.source(name="others") is None
    there.close()


def test_a_key_is_printed_alone_and_never_again(cli: Cli, there: Store) -> None:
    key = cli("key", "gas-utility", "--network", "10.0.0.0/8", "--expires-days", "2")
    assert key.startswith("ck_")
    assert len(key.split()) == 1
    hook = cli("key", "gas-utility", "--webhook")
    assert hook.startswith("whsec_")
    shown = cli("show", "gas-utility")
    assert key.split("_")[1] in shown
    assert "10.0.0.0/8" in shown
    assert key not in shown
    assert hook not in shown
    cli("key", "gas-utility", "--network", "nowhere", code=1)
    cli("key", "nobody", code=1)
    cli("show", "nobody", code=1)
    cli("disable", "nobody", code=1)
    cli("revoke", "nobody", code=1)
    cli("revoke", key.split("_")[1])
    assert "已失效" in cli("show", "gas-utility")
    cli("disable", "gas-utility")
    assert "停用" in cli("list")
    cli("enable", "gas-utility")
    assert "停用" not in cli("list")
    there.close()


def test_a_database_nobody_has_prepared_is_said_to_be_so(empty_database_url: str, tmp_path: Path) -> None:
    env = {"CITYOPS_DATABASE_URL": empty_database_url, "CITYOPS_DATA_DIR": str(tmp_path)}
    said = CliRunner().invoke(app, ["source", "list"], env=env)
    assert said.exit_code == 1
    assert "cityops migrate" in said.stdout
