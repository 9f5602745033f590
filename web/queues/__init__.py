"""Queues of what waits for a dispatcher, and the list of reporters to call back."""
