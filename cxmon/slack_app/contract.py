"""What a handler gets and what it gives: frozen values, no I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from cxmon.config.plan import Plan
from cxmon.errors import ActionError
from cxmon.model import Act, Allowed, Role, may
from cxmon.store import Store
from cxmon.wording.clicking import your_id


class Kind(StrEnum):
    """What somebody did in Slack."""

    BLOCK_ACTIONS = "block_actions"
    VIEW_SUBMISSION = "view_submission"
    SLASH_COMMAND = "slash_command"
    SHORTCUT = "shortcut"
    MESSAGE_SHORTCUT = "message_shortcut"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One thing that somebody did. `name` is the action's id, the view's or shortcut's callback id, or the command.

    `value` is what the pressed element holds (a button's value, a chosen option's), `text` what follows a command.
    `channel`, `message_ts` and `thread_ts` name the message it was done on, where there is one. `inputs` are the values
    of the view's inputs by action id: a text, a chosen option's value, a date (YYYY-MM-DD), a user's id, or a tuple of
    such where several can be chosen; what was left empty is not there. `private` is the view's private metadata.
    `trigger` opens a view within three seconds. `key` names the deed, the same in every repetition of its envelope.
    All of it comes from outside: an id in it is looked up, never trusted as state.
    """

    kind: Kind
    name: str
    key: str
    user: str
    user_name: str = ""
    team: str = ""
    channel: str = ""
    message_ts: str = ""
    thread_ts: str = ""
    trigger: str = ""
    response_url: str = field(default="", repr=False)
    value: str = ""
    text: str = ""
    inputs: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    private: str = ""
    view: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def input(self, name: str) -> str:
        """One input's value as text, stripped; empty where nothing was given."""
        found = self.inputs.get(name, "")
        return (found if isinstance(found, str) else ", ".join(found)).strip()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a handler works: the plan, a writable store, the role of the one who did it, and `by`: the role or
    department for which they do it, as it is signed in the history."""

    plan: Plan
    store: Store
    by: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of Slack's Web API with the bot's token, such as `chat.update`. `best_effort`: that it fails is logged and
    stops nothing. `later` gives further arguments when its turn comes, so that what goes before need not wait. `kept`
    is given Slack's answer, once there is one."""

    method: str
    arguments: Mapping[str, Any]
    best_effort: bool = False
    later: Callable[[], Mapping[str, Any]] | None = field(default=None, repr=False)
    kept: Callable[[Mapping[str, Any]], None] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Respond:
    """An answer at the request's response address, which only the one who asked sees unless `in_channel`.

    Where the request has no such address (a view's submission), it becomes a `chat.postEphemeral` in `channel`
    (default: the channel of the request), or a direct message where there is no channel either.
    """

    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()
    in_channel: bool = False
    channel: str = ""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A picture (PNG) into a channel (a person's id: into the conversation with them), or into the thread of one of its
    messages. It may be drawn when its turn comes, so that no words wait for it; None is no picture. `best_effort` as of
    a call."""

    picture: bytes | Callable[[], bytes | None] = field(repr=False)
    channel: str
    title: str
    alt: str
    thread_ts: str = ""
    best_effort: bool = False


Deed = Call | Respond | Upload
Answer = Mapping[str, Any]


def nothing(request: Request, place: Place, now: datetime) -> Answer | None:  # noqa: ARG001 - the shape of an answer.
    """An acknowledgement that says nothing: a view closes, a command shows nothing yet."""
    return None


@dataclass(frozen=True, kw_only=True)
class Handler:
    """How one thing is handled.

    `answer` is asked first and must be quick (a second at most, no writes): the body of the acknowledgement, such as
    `{"response_action": "errors", "errors": {block_id: text}}` of a view, or None. After a body with errors, an update
    or a push `handle` is not called. `handle` does the work after the acknowledgement and may take its time; what it
    raises as ActionError (CxmonError) is told to the one who did it, and nobody else. `needs` is what they want to do;
    where `cxmon.model.may` says no they are told why, and neither is called. `once`: it is done once, however often its
    envelope comes. What only opens a view needs no such promise, and must not wait for the store's writers: its trigger
    lives for three seconds, and works once.
    """

    handle: Callable[[Request, Place, datetime], tuple[Deed, ...]]
    answer: Callable[[Request, Place, datetime], Answer | None] = nothing
    needs: Act = Act.SEE
    once: bool = True


Handlers = Mapping[tuple[Kind, str], Handler]


def refusal(request: Request, place: Place, handler: Handler) -> str:
    """Why somebody may not do this; empty where they may."""
    said = may(place.role, handler.needs)
    if isinstance(said, Allowed):
        return ""
    return f"{said.reason} {your_id(request.user)}"


__all__ = [
    "Act",
    "ActionError",
    "Answer",
    "Call",
    "Deed",
    "Handler",
    "Handlers",
    "Kind",
    "Place",
    "Request",
    "Respond",
    "Role",
    "Upload",
    "nothing",
    "refusal",
]
