"""The consoles: pages for people, rendered on the server."""
