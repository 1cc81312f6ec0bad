"""Frozen values to JSON text and back, at the store's edge; numbers that are not finite travel as words."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import pydantic_core
import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from cxmon.errors import StoreError

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What is asked for again and again, incidents, changes and verdicts, is shorter. Of longer texts, such as bands of
# hundreds of periods, 2,000 would be hundreds of megabytes.
LONGEST = 20_000


# Building one costs milliseconds, using it microseconds.
_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def dump(value: object) -> str:
    """JSON text of a frozen value of `cxmon.model` or of a tuple of such."""
    return pydantic_core.to_json(value, inf_nan_mode="strings").decode()


def load(shape: type[T], text: str) -> T:
    """The value that `dump` wrote; it is frozen, and may be the same one for the same text. Raises StoreError where the
    text is not one of `shape`."""
    found: T = _kept(shape, text) if len(text) <= LONGEST else _loaded(shape, text)  # type: ignore[arg-type]
    return found


def _loaded(shape: Any, text: str) -> Any:
    if shape not in _ADAPTERS:
        _ADAPTERS[shape] = TypeAdapter(shape)
    try:
        return _ADAPTERS[shape].validate_json(text)
    except ValidationError as e:
        name = getattr(shape, "__name__", str(shape))
        raise StoreError(f"the store holds a {name} that this version cannot read: {e.errors()[0]['msg']}") from e


_kept = lru_cache(maxsize=2_000)(_loaded)


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware instant as microseconds since 1970 in UTC: exact, sortable, and the same on every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} needs a time zone")
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else _EPOCH + timedelta(microseconds=value)
