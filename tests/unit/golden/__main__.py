"""Write the golden files of today: ``python -m tests.unit.golden``. Those under v1/ are left alone."""

from tests.unit.golden.files import HERE, dumped, path_of
from tests.unit.golden.samples import samples

for name, sample in samples().items():
    path_of(name).write_text(dumped(sample), encoding="utf-8")
    frozen = HERE / "v1" / f"{name}.json"
    if not frozen.exists():
        frozen.write_text(dumped(sample), encoding="utf-8")
