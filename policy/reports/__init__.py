"""Reports: `figures` and the `from_*` files compute, `render` and the templates print."""
