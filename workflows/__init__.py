"""Durable sequence only: takes messages, asks ``domain.decide``, runs the effects."""
