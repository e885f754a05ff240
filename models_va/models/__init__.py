"""One cited model a file; the file's name is the model's name and MODEL the object."""

from pkgutil import iter_modules


def model_names() -> list[str]:
    """The names of the models that ship, in alphabetical order; no model is loaded for it."""
    return sorted(module.name for module in iter_modules(__path__))
