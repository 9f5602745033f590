"""The JSON API: reports in, cases out, commands on cases, health."""
