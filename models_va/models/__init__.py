"""The models, one cited model per file; the file's name is the model's name, and MODEL is the model itself."""

from pkgutil import iter_modules


def model_names() -> list[str]:
    """The names of the models of this package in alphabetical order; no model is loaded for the list."""
    return sorted(module.name for module in iter_modules(__path__))
