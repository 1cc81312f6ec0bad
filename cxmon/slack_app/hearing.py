"""One envelope from its arrival to its last call: acknowledged at once, allowed or not, done once."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cxmon.alerts import Slack
from cxmon.alerts.slack_errors import classify
from cxmon.config.plan import Plan
from cxmon.errors import CxmonError
from cxmon.model import Role
from cxmon.slack_app.contract import Answer, Handler, Handlers, Place, Request, nothing, refusal
from cxmon.slack_app.envelope import parse
from cxmon.slack_app.performing import perform, tell
from cxmon.slack_app.registry import HANDLERS, handler_of
from cxmon.store import Store
from cxmon.wording import clicking as words

log = logging.getLogger(__name__)

Acknowledge = Callable[[Answer | None], None]
# After these a view stays open, so that nothing has been sent yet.
_STAYS = frozenset({"errors", "update", "push"})


@dataclass
class Hearing:
    """What is heard in one Slack workspace. `clock` is the wall clock; addresses of people are asked for once."""

    plan: Plan
    channel: Slack
    clock: Callable[[], datetime]
    handlers: Handlers = field(default_factory=lambda: HANDLERS)
    _addresses: dict[str, str] = field(default_factory=dict)
    _team: str = ""

    def hear(self, envelope: Mapping[str, Any], acknowledge: Acknowledge) -> None:
        """Never raises. Everything is acknowledged, also what is not understood: Slack would send it again."""
        acknowledged = False

        def once(body: Answer | None) -> None:
            nonlocal acknowledged
            if not acknowledged:
                acknowledged = True
                acknowledge(body)

        request = parse(envelope)
        handler = handler_of(request, self.handlers) if request is not None else None
        if request is None or handler is None:
            once(None)
            return
        try:
            self._handled(request, handler, once)
        except CxmonError as error:
            once(None)
            tell(words.refused(str(error)), request, self.channel)
        except Exception:
            log.exception("slack app: %s %s failed", request.kind, request.name)
            once(None)
            tell(words.broke(), request, self.channel)

    def _handled(self, request: Request, handler: Handler, acknowledge: Acknowledge) -> None:
        # What has nothing to say at once is acknowledged before the store is opened and Slack is asked who it is: both
        # may take longer than the three seconds that Slack waits.
        if handler.answer is nothing:
            acknowledge(None)
        with Store.open(self.plan.store_url) as store:
            place = self.place(request, store)
            refused = refusal(request, place, handler)
            if refused:
                acknowledge(None)
                tell(refused, request, self.channel)
                return
            now = self.clock()
            body = handler.answer(request, place, now)
            acknowledge(body)
            if body is not None and body.get("response_action") in _STAYS:
                return
            if handler.once and not store.heard.first(request.key, now):
                log.info("slack app: %s %s came twice", request.kind, request.name)
                return
            perform(handler.handle(request, place, now), request, self.channel)

    def place(self, request: Request, store: Store) -> Place:
        """The plan and the store with the role of the one who asked, and what they sign with."""
        access = self.plan.access
        known = [request.user]
        if self._at_home(request):
            sure = access.role(request.user) is Role.EDITOR and access.department(request.user)
            if not sure and any("@" in pattern for pattern in (*access.editors, *access.viewers)):
                known.append(self._address(request.user))
        elif request.user not in {*access.editors, *access.viewers}:
            # Somebody of another company in a shared channel is nobody here, unless they are named.
            return Place(plan=self.plan, store=store, by=words.nobody(), role=Role.NONE)
        roles = [access.role(who) for who in known]
        role = max(roles, key=[Role.NONE, Role.VIEWER, Role.EDITOR].index)
        department = next((found for who in known if (found := access.department(who))), "")
        return Place(plan=self.plan, store=store, by=department or words.signed(role), role=role)

    def _at_home(self, request: Request) -> bool:
        user = request.payload.get("user")
        team = user.get("team_id") if isinstance(user, Mapping) else request.team
        if not self._team:
            self._team = str(self._asked("auth.test").get("team_id", ""))
        # Where Slack does not say whose workspace this is, only those who are named by their id have a role.
        return bool(self._team) and (not team or team == self._team)

    def _address(self, user: str) -> str:
        """The address of somebody, as their workspace knows it; empty where the bot may not ask (users:read.email)."""
        if user not in self._addresses:
            found = self._asked("users.info", user=user).get("user") or {}
            address = (found.get("profile") or {}).get("email")
            if not address:
                return ""
            self._addresses[user] = str(address)
        return self._addresses[user]

    def _asked(self, method: str, **arguments: str) -> dict[str, Any]:
        try:
            return dict(self.channel.client().api_call(method, data=arguments).data)  # type: ignore[arg-type]
        except Exception as problem:  # noqa: BLE001 - without an answer there is no role.
            log.warning("slack app: %s: %s", method, classify(problem, repeatable=True))
            return {}
