"""Groups of commands that do something when none is named."""

import click


class ListUnlessTold(click.Group):
    """A group whose command is `list` where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the arguments, with "list" put before those that name no command.

        A shell that asks for completions does not have the whole of them yet: it is offered the commands.
        """
        named = args and (args[0] in self.commands or args[0] in self.get_help_option_names(ctx))
        return super().parse_args(ctx, args if named or ctx.resilient_parsing else ["list", *args])
