"""Margin accounts under the rulebook: what their collateral carries, and what is due."""
