"""The wall: a screen in public view that runs for days, and the page where a supervisor makes such screens."""
