"""A city's own area files → the layers of a pack: refused or repaired, each with a reason."""

from geo.importing.findings import Action, ImportFinding
from geo.importing.layer import ImportedArea, ImportedLayer, LayerSpec, import_layer, with_parents
from geo.importing.write import write_layer

__all__ = [
    "Action",
    "ImportFinding",
    "ImportedArea",
    "ImportedLayer",
    "LayerSpec",
    "import_layer",
    "with_parents",
    "write_layer",
]
