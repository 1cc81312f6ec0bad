"""The part of an answer that is read: all else is passed over while its JSON is read, and never becomes values.

Most of an answer is texts and fields that nobody asked for. Passing them over costs a fraction of making them, and what
a customer wrote does not even reach a variable.
"""

import json
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any, TypedDict

import msgspec

# Names from the top of a document to what is read, which is taken whole; EACH stands for the entries of a list.
Spot = tuple[str, ...]
EACH = "[]"

Decode = Callable[[bytes], Any]

# What else may stand where a mapping or a list is expected: whoever reads it says that it does not belong there.
_SCALAR: Any = str | int | float | bool | None
_PART: Any = TypedDict
_LIST: Any = list


@lru_cache(maxsize=64)
def decoder(spots: frozenset[Spot]) -> Decode:
    """A reader of these spots of a document."""
    return msgspec.json.Decoder(_type(spots)).decode


def document(body: bytes, decode: Decode | None) -> Any:
    """The JSON of a body, of which `decode` takes a part. ValueError and RecursionError as `json.loads` raises them.

    What is not as it is expected, and what only Python's own reader takes (NaN, half a surrogate pair), is read whole.
    """
    if decode is not None:
        try:
            return decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
    return json.loads(body.decode("utf-8-sig"))


def _type(spots: Collection[Spot]) -> Any:
    """The type of a document of which only these spots are read."""
    below: dict[str, list[Spot]] = {}
    for spot in spots:
        if not spot:
            return Any
        below.setdefault(spot[0], []).append(spot[1:])
    parts = {name: _type(rest) for name, rest in below.items()}
    if EACH not in parts:
        return _PART("_Part", parts, total=False) | _SCALAR
    return _LIST[parts[EACH]] | _SCALAR if len(parts) == 1 else Any
