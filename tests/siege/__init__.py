"""Limits under attack: real programs, floods of every kind, and what an honest friend notices of them."""
