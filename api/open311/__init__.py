"""Open311 GeoReport v2, mounted at ``/open311/v2``, and at ``/open311/test/v2`` for drills."""
