"""The only room that knows everything: command line, settings, wiring, process mains."""
