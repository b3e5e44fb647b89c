"""The demonstration: a small order stream and a few margin accounts, decided by the rulebook."""
