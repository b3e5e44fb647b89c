"""What the rules can never do: claims about all facts and dates, proved by a solver or refuted by an example."""
