"""Faster targets of a program; each answers exactly as `ir.interpret` does."""
