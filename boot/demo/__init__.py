"""The demonstration: a generated day of a city, played through the public API with simulated staff."""
