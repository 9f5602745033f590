"""Where people land, and what every page has: language and theme."""
