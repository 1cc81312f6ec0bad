"""A value that is never shown."""


class Secret:
    """Holds a password, token or connection string; prints as `***` wherever it ends up."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class Token(Secret):
    """A secret that stands in no file: a configuration takes it from the environment only."""

    __slots__ = ()
