"""City packs on disk: reading a folder into ``CityPack``, with every problem in plain words."""

from store.pack.loader import PackReading, UnableToLoadPack, load, read
from store.pack.problems import ProblemBook

__all__ = ["PackReading", "ProblemBook", "UnableToLoadPack", "load", "read"]
