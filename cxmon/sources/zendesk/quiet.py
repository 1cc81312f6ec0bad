"""An account that moves from one survey system to the other: the one that it left goes quiet.

Satisfaction ratings, which tickets show too, are the older system, survey responses the newer one. An account has one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cxmon.contracts import Facts, Request
from cxmon.errors import QuietError, SourceError

RATINGS, RESPONSES = "satisfaction_ratings", "survey_responses"
# A survey system that has had nothing for so long, while the other one has, is not in use any more.
SILENCE = timedelta(days=7)
_MOVED = {
    RATINGS: "the older surveys, so let it be read from {stream: tickets, time: solved_at, value: satisfied}",
    RESPONSES: "the newer surveys, so let it be read from "
    "{stream: survey_responses, time: answered_at, value: satisfied}",
}
# What tickets have of surveys.
_OF_TICKETS = frozenset({"satisfied", "answered"})


@dataclass
class Watch:
    """Watches a pull for answers of its survey system: an account that moves to the other system goes quiet in this
    one, which is news of the source and no change of satisfaction."""

    request: Request
    heard: bool = False

    @property
    def since(self) -> datetime:
        return self.request.now - SILENCE

    def see(self, page: Facts) -> None:
        records = page.upserts
        late = [k for k, changed in enumerate(records.changed) if changed >= self.since.timestamp()]
        if self._stream == "tickets":
            answers = [records.fields[name] for name in _OF_TICKETS if name in records.fields]
            self.heard |= any(column[k] is not None for column in answers for k in late)
        else:
            self.heard |= bool(late)

    @property
    def quiet(self) -> bool:
        """Whether what came says nothing, where something is expected of it."""
        fields = {self.request.metric.read.value, *(self.request.fields or ())}
        expected = self._stream in {RATINGS, RESPONSES} or (self._stream == "tickets" and bool(fields & _OF_TICKETS))
        return expected and not self.heard and not self.request.frozen

    def judge(self, any_of: Callable[[str], bool]) -> None:
        """Raises QuietError where the other system is in use. `any_of(stream)`: whether it has had answers lately."""
        other = RATINGS if self._stream == RESPONSES else RESPONSES
        try:
            # Tickets that changed lately need not be rated ones: then the older surveys are asked themselves.
            moved = not (self._stream == "tickets" and any_of(RATINGS)) and any_of(other)
        except SourceError:
            # Not every role may see both: then it is not known.
            return
        if moved:
            raise QuietError(
                f"{self.request.metric.source}: source went quiet: {self._stream} has had no answer to a survey since "
                f"{self.since:%Y-%m-%d}, but {other} has: the account has moved to {_MOVED[other]}; "
                "this is no change of satisfaction",
                _OF_TICKETS if self._stream == "tickets" else frozenset(self.request.fields or ()),
            )

    @property
    def _stream(self) -> str:
        return self.request.metric.read.stream or ""
