"""Cases: list, map and board with filters in the address, a case's own page, acts on many, files."""
