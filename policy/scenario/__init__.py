"""A market of the exchange, the lender and the perpetuals desk, fed by a folder of commands."""
