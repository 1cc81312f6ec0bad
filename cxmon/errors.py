"""The errors of the house: one root, few leaves."""

from collections.abc import Sequence


class CxmonError(Exception):
    """Whatever goes wrong for a reason that a user can act on; never raised itself."""


class ConfigError(CxmonError):
    """Everything that is wrong with a configuration, all at once: each problem is one `file:line: path: ...` line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class SourceError(CxmonError):
    """A source did not answer, or answered something that cannot be taken. Says which source and metric, and why."""


class SuspectWindowError(SourceError):
    """A window came back with less than half of its earlier rows and was not taken."""


class AccessError(SourceError):
    """The vendor did not accept the credentials, or they lack a scope. Trying again does not help."""


class QuietError(SourceError):
    """A source went quiet in some `fields` of its records, for a reason that it knows; the others came as ever."""

    def __init__(self, text: str, fields: frozenset[str]) -> None:
        super().__init__(text)
        self.fields = fields


class DriftError(SourceError):
    """The records of a source lack `fields` altogether, which have another name now or were never there."""

    def __init__(self, text: str, fields: frozenset[str]) -> None:
        super().__init__(text)
        self.fields = fields


class RefusedError(SourceError):
    """The vendor refused a request with the HTTP status `status`; `said` is the beginning of what it answered."""

    def __init__(self, message: str, status: int, said: str = "") -> None:
        self.status, self.said = status, said
        super().__init__(message)


class StoreError(CxmonError):
    """The store is not there, not writable, or newer than this code."""


class ActionError(CxmonError):
    """An action was refused: what was asked for does not exist or is not allowed."""


class DeliveryError(CxmonError):
    """A message was not delivered.

    `permanent` says that trying again will not help until somebody mends something.
    `in_doubt` says that it may have arrived all the same: reconcile before a resend.
    `retry_after` is the number of seconds the channel asked us to wait.
    `payload` says that the channel refuses this very message, in every form, while others may pass.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        in_doubt: bool = False,
        retry_after: float | None = None,
        payload: bool = False,
    ) -> None:
        self.permanent = permanent
        self.in_doubt = in_doubt
        self.retry_after = retry_after
        self.payload = payload
        super().__init__(message)
