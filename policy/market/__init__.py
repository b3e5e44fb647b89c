"""What every venue of a market shares: the clock and the date of the law, commands and their checks, and the book."""
