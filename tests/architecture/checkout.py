"""The checkout as the architecture tests see it: its rooms, its Python, its tracked files."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def rooms() -> tuple[str, ...]:
    """Return the root packages that are under import contract."""
    return tuple(project()["tool"]["importlinter"]["root_packages"])


def tracked() -> list[Path]:
    """Return every file under version control that is there, as paths relative to the checkout."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = (Path(name) for name in listed.stdout.decode().split("\0") if name)
    return [name for name in names if (ROOT / name).is_file()]


def python_files() -> list[Path]:
    """Return the Python of the rooms and the tests, relative to the checkout, tracked or not."""
    found = [path for top in (*rooms(), "tests") for path in (ROOT / top).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found if "node_modules" not in path.parts)
