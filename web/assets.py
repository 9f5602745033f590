"""Styles, scripts and packages, served from our own origin, under a name that changes with the content.

A build's files lie under ``/static/BUILD/…``: a browser keeps them for good, and modules find
each other by relative names. Packages come from the npm registry at set-up (``web/front``) and
are neither changed nor committed; only the files named here are served.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

HERE = Path(__file__).resolve().parent
OURS = HERE / "static"
PACKAGES = HERE / "front" / "node_modules"
PACKAGED: Mapping[str, str] = {
    "vendor/htmx.js": "htmx.org/dist/htmx.min.js",
    "vendor/maplibre/maplibre-gl.mjs": "maplibre-gl/dist/maplibre-gl.mjs",
    "vendor/maplibre/maplibre-gl-shared.mjs": "maplibre-gl/dist/maplibre-gl-shared.mjs",
    "vendor/maplibre/maplibre-gl-worker.mjs": "maplibre-gl/dist/maplibre-gl-worker.mjs",
    "vendor/maplibre/maplibre-gl.css": "maplibre-gl/dist/maplibre-gl.css",
    "vendor/echarts.mjs": "echarts/dist/echarts.esm.min.mjs",
}
"""Our name of a file, and where it lies among the installed packages."""
FOR_GOOD = "public, max-age=31536000, immutable"
SMALL = 512
"""Bytes below which packing is not worth it."""
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("application/manifest+json", ".webmanifest")


class UnableToServePackages(RuntimeError):
    """The front-end packages are not installed: ``make setup`` (npm ci in web/front) does it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A file as it is sent: plain, packed with gzip where that is shorter, and its type."""

    body: bytes
    packed: bytes | None
    media_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Assets:
    """All files of this build. ``build`` is the digest of all of them."""

    build: str
    files: Mapping[str, Asset]

    def url(self, name: str) -> str:
        """Return where a file is served. KeyError for one that is not there: a typing mistake of ours."""
        if name not in self.files:
            raise KeyError(name)
        return f"/static/{self.build}/{name}"


@cache
def assets() -> Assets:
    """Read all files once. Raises UnableToServePackages."""
    files = {path.relative_to(OURS).as_posix(): path for path in sorted(OURS.rglob("*")) if path.is_file()}
    files.update({name: PACKAGES / inside for name, inside in PACKAGED.items()})
    digest = hashlib.sha256()
    read: dict[str, Asset] = {}
    for name, path in sorted(files.items()):
        body = _read(path)
        digest.update(name.encode() + b"\0" + body)
        read[name] = _asset(name, body)
    return Assets(build=digest.hexdigest()[:12], files=read)


async def serve(request: Request) -> Response:
    """Answer ``/static/BUILD/NAME``; another build's page gets what there is, but keeps it for a moment only."""
    found = assets()
    asset = found.files.get(request.path_params["name"])
    if asset is None:
        return PlainTextResponse("not found", status_code=404)
    current = request.path_params["build"] == found.build
    headers = {"Cache-Control": FOR_GOOD if current else "no-cache", "Vary": "Accept-Encoding"}
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UnableToServePackages(f"{path.name} is not installed; run `make setup`") from None


def _asset(name: str, body: bytes) -> Asset:
    packed = gzip.compress(body, compresslevel=9, mtime=0) if len(body) > SMALL else body
    return Asset(
        body=body,
        packed=packed if len(packed) < len(body) else None,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )
