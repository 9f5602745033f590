"""The case itself: states, messages, clocks, rules. Python's standard library only.

Nothing below reads a clock, a file, an environment variable or a random source:
time, identifiers and configuration are arguments.
"""
