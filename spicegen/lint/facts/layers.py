"""Facts about variables along the paths of a program: an arm of a conditional changes them in a layer of its own."""

from __future__ import annotations

from typing import Generic, TypeVar

_T = TypeVar("_T")


class Layers(Generic[_T]):
    """A mapping from names, with layers of changes that can be taken off again.

    Args:
        lowest: what holds at the beginning.
    """

    def __init__(self, lowest: dict[str, _T]) -> None:
        self._layers = [lowest]

    def open(self) -> None:
        """Put a layer on top: changes go there."""
        self._layers.append({})

    def close(self) -> dict[str, _T]:
        """Take the top layer off and return the changes in it."""
        return self._layers.pop()

    def get(self, name: str, default: _T) -> _T:
        """The value of a name, or ``default`` if it has none."""
        for layer in reversed(self._layers):
            if name in layer:
                return layer[name]
        return default

    def __setitem__(self, name: str, value: _T) -> None:
        """Change a value in the top layer."""
        self._layers[-1][name] = value


class Marks(Layers[bool]):
    """Names that are marked: those whose value is True."""

    def __contains__(self, name: object) -> bool:
        """Whether a name is marked."""
        return isinstance(name, str) and self.get(name, False)
