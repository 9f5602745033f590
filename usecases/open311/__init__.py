"""Open311 GeoReport v2: the city's catalogue as services, its reports as requests."""
