"""Perpetual contracts of one platform, in US dollars: margin, mark, funding, liquidation and deleveraging."""
