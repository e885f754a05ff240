"""Pickles of containers, numbers, text and numpy arrays, read without running anything in them.

No function that a pickle names is called, not even numpy's: a crafted dtype can make numpy take any bytes for
pointers. What stands for arrays only notes down what it is given; a plain array is made from that afterwards.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import warnings
from typing import Any, Never

import numpy as np
from numpy.typing import NDArray

from evaluator.data.formats.files import cause
from models_va.errors import InputError

_NUMBERS = frozenset(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8))
_MOST_TUPLES = 1000  # the hash of tuples nested without end would overflow the stack
_MOST_AXES = 4


class _Inert:
    """Base of the stand-ins, which a pickle cannot change; subclasses override this where they keep a state."""

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("sets a state where there is none")


class _Dtype(_Inert):
    """A note of a numpy dtype."""

    def __init__(self, code: Any, *_flags: Any) -> None:
        self.code = code.decode("latin1") if isinstance(code, bytes) else code
        self.order: Any = "|"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1].decode("latin1") if isinstance(state[1], bytes) else state[1]

    def dtype(self) -> np.dtype[Any]:
        if self.code not in _NUMBERS or self.order not in ("|", "<", ">", "="):
            raise InputError("holds an array that is not of plain integers: get it again")
        return np.dtype(self.code).newbyteorder(self.order)


class PickledArray(_Inert):
    """A note of a numpy array: shape, type and bytes."""

    def __init__(self, *_arguments: Any) -> None:
        self.state: Any = ()

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def array(self) -> NDArray[Any]:
        """The array.

        Raises:
            InputError: the note is no plain array of integers.

        """
        try:
            _, shape, kind, fortran, raw = self.state
            dtype = kind.dtype()
            shape = tuple(int(n) for n in shape[:_MOST_AXES])
            if not isinstance(raw, bytes | bytearray) or math.prod(shape) * dtype.itemsize != len(raw):
                raise InputError("holds an array whose size is not that of its shape: get it again")
            return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")
        except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise InputError(f"holds a damaged array ({cause(error)}): get it again") from error


class _FromBuffer(_Inert):
    """numpy's newer way to write arrays."""

    def __new__(cls, raw: Any, dtype: Any, shape: Any, order: Any) -> Any:
        record = PickledArray()
        record.state = (1, shape, dtype, order == "F", raw)
        return record


class _Bytes(_Inert):
    """Stand-in for the function by which Python 3 writes bytes for Python 2."""

    def __new__(cls, text: Any = "", encoding: Any = "latin1") -> Any:
        if not isinstance(text, str) or encoding != "latin1":
            raise pickle.UnpicklingError("encodes something else than bytes")
        return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], type[_Inert]] = {("numpy", "ndarray"): PickledArray, ("numpy", "dtype"): _Dtype,
                                                 ("_codecs", "encode"): _Bytes}  # fmt: skip
for _core in ("numpy.core", "numpy._core"):
    _ALLOWED[f"{_core}.multiarray", "_reconstruct"] = PickledArray
    _ALLOWED[f"{_core}.numeric", "_frombuffer"] = _FromBuffer


class _Unpickler(pickle._Unpickler):  # in Python: a crafted memo index would make the one in C take all memory
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            asked = ascii(f"{module}.{name}")[1:-1][:80]
            raise InputError(f"asks for {asked}, which no data need: nothing was run; get it from its source again")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> Never:
        raise pickle.UnpicklingError("refers to something outside")


def unpickle(content: bytes) -> Any:
    """The object in ``content``, arrays as ``PickledArray``; text of Python 2 as bytes.

    Raises:
        InputError: truncated or damaged, or it asks for anything but containers, numbers, text and arrays.

    """
    try:
        with warnings.catch_warnings(action="ignore"):  # Python's, on escapes in damaged text
            tuples = sum(operation.name.startswith("TUPLE") for operation, _, _ in pickletools.genops(content))
            if tuples > _MOST_TUPLES:
                raise InputError(f"holds {tuples} tuples, more than {_MOST_TUPLES}: is no CIFAR batch: get it again")
            return _Unpickler(io.BytesIO(content), encoding="bytes").load()
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a damaged pickle provokes whatever its operations lead to
        raise InputError(f"is truncated or no plain pickle ({cause(error)}): get it again") from error
