"""The one Jinja2 environment: templates of every room, undefined names are errors."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined


@cache
def _environment() -> Environment:
    return Environment(
        loader=PrefixLoader({room: PackageLoader(room) for room in ("models_va", "netlists", "spicegen")}),
        undefined=StrictUndefined,
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render_template(name: str, **context: object) -> str:
    """Fill the template ``ROOM/FILE`` with ``context``; HTML is escaped, a missing name is an error."""
    return _environment().get_template(name).render(**context)
