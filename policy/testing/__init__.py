"""Running the tests that a rulebook brings along: `run`, `samples` for its properties, `coverage` of its rules."""
