"""One effect, one function: the only code a workflow may call."""
