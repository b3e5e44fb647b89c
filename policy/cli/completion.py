"""`policy completion`: the script that makes a shell complete this program's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL, to be sourced.

    \b
    policy completion bash > ~/.local/share/bash-completion/completions/policy
    """
    from policy.cli import main

    found = get_completion_class(shell)
    assert found is not None, "click knows all three shells"
    click.echo(found(main, {}, "policy", "_POLICY_COMPLETE").source())
