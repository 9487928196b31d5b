"""The command that has shells complete the words of the others."""

import click
from click.shell_completion import get_completion_class

_HOW = """\b
To have it in every new shell:
  bash: mjproxy completion bash > ~/.local/share/bash-completion/completions/mjproxy
  zsh:  mjproxy completion zsh > "${fpath[1]}/_mjproxy"
  fish: mjproxy completion fish > ~/.config/fish/completions/mjproxy.fish
"""


@click.command(epilog=_HOW)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes commands, options and their values in SHELL."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has these three
    root = context.find_root()
    click.echo(kind(root.command, {}, "mjproxy", "_MJPROXY_COMPLETE").source())
