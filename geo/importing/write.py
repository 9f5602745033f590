"""Write an imported layer as GeoJSON (RFC 7946: WGS-84, outer rings counter-clockwise)."""

import json
from pathlib import Path

import numpy as np
import shapely

from geo.importing.layer import ImportedArea, ImportedLayer

_DECIMALS = 7


def write_layer(*, layer: ImportedLayer, path: Path) -> None:
    """Write one line per feature with code, name, parent and, where given, validity dates."""
    features = [json.dumps(_feature(area), ensure_ascii=False) for area in layer.areas]
    body = ",\n".join(features)
    text = f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _feature(area: ImportedArea) -> dict[str, object]:
    properties = {"code": area.code, "name": area.name, "parent": area.parent}
    if area.valid_from or area.valid_to:
        properties |= {"valid_from": area.valid_from, "valid_to": area.valid_to}
    rounded = shapely.transform(area.shape, lambda xy: np.round(xy, _DECIMALS))
    shape = shapely.orient_polygons(rounded if rounded.is_valid else area.shape)
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}
