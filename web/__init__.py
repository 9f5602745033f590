"""The consoles for people. Empty until the consoles are built."""
