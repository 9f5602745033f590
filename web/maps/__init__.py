"""Places and maps: the search for a place, outlines and cases as map data."""
