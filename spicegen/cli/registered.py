"""Commands that rooms above this one register, as entry points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


class RegisteredGroup(TyperGroup):
    """A group that holds spicegen's own commands and those that entry points name.

    Entry points are loaded when all commands are listed, or when one is asked for that is not spicegen's own: its own
    ones wait for no other package. (Context and Command are click's classes, from typer 0.26 on its own: hence Any.)

    Attributes:
        entry_points: the group of the entry points: each has a command's name and the function that it calls.
    """

    entry_points: ClassVar[str]

    def list_commands(self, ctx: Any) -> list[str]:
        """The names as the help shows them: commands first, then groups of commands."""
        self._add_registered()
        return sorted(super().list_commands(ctx), key=lambda name: isinstance(self.commands[name], TyperGroup))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; None if there is none."""
        if cmd_name not in self.commands:
            self._add_registered()
        return super().get_command(ctx, cmd_name)

    def _add_registered(self) -> None:
        from importlib.metadata import entry_points

        for entry in entry_points(group=self.entry_points):
            if entry.name in self.commands:
                continue
            try:
                self.add_command(_command(entry.name, entry.load()))
            except ImportError as error:  # a broken package must not take spicegen's own commands along
                typer.echo(f"spicegen: the command {entry.name} is left out: {error}", err=True)


def _command(name: str, function: Callable[..., object]) -> Any:
    """The command that typer makes of a function with annotated arguments."""
    alone = typer.Typer(add_completion=False)
    alone.command(name)(function)
    return typer.main.get_command(alone)
