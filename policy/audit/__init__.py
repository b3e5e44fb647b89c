"""The journal: every command and what came of it, each record carrying the hash of the one before."""
