"""Looks on site and checks, phone first."""
