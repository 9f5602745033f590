"""``cityops inbound``: a letter is listed, looked at, tried under another mapping, replayed or closed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boot.cli import app
from boot.settings import Settings
from domain.envelope import DeadCode, Unreadable
from domain.source import Source
from store.engine import Store, open_store
from tests.integration.inbound_samples import message
from usecases.city import Grounds

NOW = datetime.now(UTC)
BODY = json.dumps({"sn": "e1", "subject": "G-1", "kind": "heartbeat"}).encode()
MENDED = '[mapping]\nevent_id = "sn"\n\n[severities]\n"高" = 1\n'


def dead(store: Store, *, count: int) -> list[int]:
    """Keep messages nobody can read."""
    numbers = store.keep_many(messages=[message(n, body=BODY, received_at=NOW) for n in range(count)])
    for row in store.claim_inbound(limit=count, now=NOW, worker="w", lease_s=30):
        store.settle_inbound(message=row, dead=[Unreadable(code=DeadCode.MISSING_ID)], at=NOW)
    return numbers


def test_the_commands(
    wuhan_settings: Settings, wuhan: Grounds, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wuhan  # its atlas is published once for the session
    for name, value in (("DATA_DIR", str(wuhan_settings.data_dir)), ("DATABASE_URL", sqlite_url)):
        monkeypatch.setenv(f"CITYOPS_{name}", value)
    monkeypatch.setenv("COLUMNS", "200")
    store = open_store(sqlite_url)
    store.put_source(source=Source(name="gas", channel="sensor"), at=NOW)
    first, second, third = dead(store, count=3)
    mapping = tmp_path / "gas.toml"
    mapping.write_text(MENDED, encoding="utf-8")

    def run(*words: str, code: int = 0) -> Result:
        said = CliRunner().invoke(app, ["inbound", *words])
        assert said.exit_code == code, f"{words}: {said.output} {said.exception}"
        return said

    listed = run("list", "--source", "gas").stdout
    assert "没有事件编号" in listed
    assert "dead letters: 3" in listed
    shown = run("show", str(first), "--reason", "查字段")
    assert shown.stdout_bytes.endswith(BODY)
    assert "viewed 查字段" in shown.stderr
    assert f"{first} ✓ heartbeat e1 G-1" in run("preview", str(first), "--mapping", str(mapping)).stdout
    assert "v2" in run("mapping", "gas", "--mapping", str(mapping)).stdout
    assert store.source(name="gas") is not None
    assert "again: 1" in run("replay", str(first)).stdout
    assert "已处理" in run("replay", str(first), code=1).stdout
    run("close", str(second), "--reason", "重复")
    assert "again: 1" in run("replay", "--source", "gas", "--code", "missing_id").stdout
    assert "--source" in run("replay", code=1).stdout
    mapping.write_text('[severities]\n"高" = 9\n', encoding="utf-8")
    assert "映射有误" in run("mapping", "gas", "--mapping", str(mapping), code=1).stdout
    assert store.backlog().waiting == 2
    kinds = [[act.kind for act in store.letter_acts(id=number)] for number in (first, second, third)]
    assert kinds == [["replayed", "previewed", "viewed"], ["closed"], ["replayed"]]
    store.close()
