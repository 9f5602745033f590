"""What may not be committed: where somebody's machine gets its packages, and how its folders are called."""

import re

import pytest

from tests.architecture.checkout import ROOT, tracked

FORBIDDEN = {
    "a package registry": re.compile(
        r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|deb\.debian\.org|--(extra-)?index-url|--find-links"
    ),
    "a folder of one machine": re.compile(r"(?<![\w./~*-])/(root|home|work|Users)/\w"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
BINARY = {".gpkg", ".ico", ".mo", ".npz", ".parquet", ".png", ".webp", ".woff2"}
THIS = "tests/architecture/test_tracked_files.py"


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_names(what: str) -> None:
    found = []
    for path in tracked():
        if path.suffix in BINARY or str(path) == THIS:
            continue
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1):
            if FORBIDDEN[what].search(line):
                found.append(f"{path}:{number}")
    assert found == []


def test_locked_requirements_carry_hashes_and_versions_only() -> None:
    locks = sorted((ROOT / "requirements").glob("*.lock"))
    assert [lock.name for lock in locks] == ["build.lock", "dev.lock", "node.lock", "runtime.lock"]
    for lock in locks:
        entries = re.split(
            r"\n(?=\S)", re.sub(r"^ *#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
        )
        for entry in entries:
            assert re.match(r"[a-z0-9.-]+==[^ ]+ (; .+ )?\\\n", entry), f"{lock.name}: {entry}"
            assert "--hash=sha256:" in entry, f"{lock.name}: {entry}"


def test_every_development_lock_pins_what_the_product_runs_with() -> None:
    """The tests run with the very versions that a city installs."""
    pins = {
        name: set(
            re.findall(r"^([a-z0-9.-]+==[^ ]+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE)
        )
        for name in ("runtime.lock", "dev.lock")
    }
    assert pins["runtime.lock"] - pins["dev.lock"] == set()
