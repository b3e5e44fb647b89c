"""A matching engine that knows no rules: it asks the evaluators it is handed."""
