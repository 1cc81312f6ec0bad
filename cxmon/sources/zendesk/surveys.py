"""Both survey systems: satisfaction ratings are the older one, survey responses the newer one. An account has one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cxmon import feeds
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
_SATISFIED = {"good": 1, "bad": 0}


def ratings(lookback: timedelta) -> feeds.Stream:
    return feeds.Stream(
        name=RATINGS,
        path="api/v2/satisfaction_ratings",
        params={"start_time": "{since}", "page[size]": "100"},
        time_format="epoch",
        records=feeds.path("satisfaction_ratings"),
        record_id=feeds.path("id"),
        changed=feeds.path("updated_at"),
        customer=feeds.path("requester_id"),
        fields=score_fields(feeds.path("score"))
        | {name: feeds.path(name) for name in ("created_at", "updated_at", "ticket_id")},
        required=frozenset({"created_at"}),
        paging=feeds.CursorPages(param="page[after]", cursor="meta.after_cursor", more="meta.has_more"),
        lookback=lookback,
    )


def responses(scale: int, lookback: timedelta) -> feeds.Stream:
    return feeds.Stream(
        name=RESPONSES,
        path="api/v2/guide/survey_responses",
        params={"filter[created_at_start]": "{since}", "page[size]": "100"},
        time_format="epoch_ms",
        records=feeds.path("survey_responses"),
        record_id=feeds.path("id"),
        changed=lambda response: max((str(a.get("updated_at") or "") for a in _answers(response)), default=None),
        customer=feeds.path("responder_id"),
        fields={
            "answered_at": lambda response: _rated(response).get("created_at"),
            "updated_at": lambda response: _rated(response).get("updated_at"),
            "rating": lambda response: _rated(response).get("rating"),
            "satisfied": lambda response: _top_box(_rated(response), scale),
            "survey": feeds.first("survey.id", "survey_id"),
        },
        paging=feeds.CursorPages(param="page[after]", cursor="meta.after_cursor", more="meta.has_more"),
        lookback=lookback,
    )


def score_fields(score: feeds.Getter) -> dict[str, feeds.Getter]:
    """What the older surveys' word says: `satisfied` of those who answered, `answered` of those who were asked."""

    def word(record: Any) -> str:
        return str(score(record) or "").partition("_")[0]

    return {
        "satisfied": lambda record: _SATISFIED.get(word(record)),
        "answered": lambda record: {"good": 1, "bad": 1, "offered": 0}.get(word(record)),
    }


def _answers(response: Any) -> list[dict[str, Any]]:
    found = response.get("answers")
    return [a for a in found if isinstance(a, dict)] if isinstance(found, list) else []


def _rated(response: Any) -> dict[str, Any]:
    """The answer to the question with a rating, or nothing where it was skipped."""
    return next((a for a in _answers(response) if a.get("rating") is not None), {})


def _top_box(answer: Mapping[str, Any], scale: int) -> int | None:
    """As Zendesk counts: its own category where it says one, else the upper two of five, or the best of fewer."""
    category = _SATISFIED.get(str(answer.get("rating_category") or "").lower())
    rating = answer.get("rating")
    if category is not None or not isinstance(rating, int | float):
        return category
    return int(rating >= (scale - 1 if scale >= 5 else scale))


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
