"""`policy lsp`: the language server, for editors."""

from __future__ import annotations

import click

from policy.extras import require_extra


@click.command()
def command() -> None:
    """Speak the Language Server Protocol over standard input and output; an editor starts it.

    \b
    policy lsp

    policy/lsp/README.md says what it offers, and how editors are told of it.
    """
    require_extra("pygls", "lsp")
    from policy.lsp import answers as _answers, hierarchy as _hierarchy, lenses as _lenses, marks as _marks  # noqa: F401  # handlers
    from policy.lsp.server import server

    server.start_io()
