"""Margin financing: the accounts of one lender, from the advance to the forced sale."""
