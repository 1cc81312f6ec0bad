"""One envelope from its arrival to its last call: kept, acknowledged, allowed or not, done once.

What changes something is kept in the store before Slack hears that it arrived, and forgotten when it is done: what a
process that died has left undone is done by the next one, or by another instance, under the moment of the click.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cxmon.alerts import Slack
from cxmon.alerts.slack_errors import classify
from cxmon.config.plan import Plan
from cxmon.errors import CxmonError
from cxmon.failpoints import failpoint
from cxmon.model import Role, using
from cxmon.slack_app.contract import Answer, Handler, Handlers, Place, Request, nothing, refusal
from cxmon.slack_app.envelope import parse
from cxmon.slack_app.performing import perform, tell
from cxmon.slack_app.registry import HANDLERS, handler_of
from cxmon.store import Click, Store
from cxmon.wording import clicking as words

log = logging.getLogger(__name__)

Acknowledge = Callable[[Answer | None], None]
# Seconds for which what one process does is left alone by others, and for which a click waits to be kept.
LEASE_S = 60.0
WAIT_S = 1.5
# After these a view stays open, so that nothing has been sent yet.
_STAYS = frozenset({"errors", "update", "push"})


@dataclass
class Hearing:
    """What is heard in one Slack workspace. `clock` is the wall clock; addresses of people are asked for once. `name`
    is that of the app's channel, `holder` that of this process."""

    plan: Plan
    channel: Slack
    clock: Callable[[], datetime]
    name: str = ""
    holder: str = ""
    wait_s: float = WAIT_S
    handlers: Handlers = field(default_factory=lambda: HANDLERS)
    _addresses: dict[str, str] = field(default_factory=dict)
    _team: str = ""
    _at_work: set[str] = field(default_factory=set)

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
        with self._telling(request, lambda: once(None)):
            self._handled(request, handler, envelope, once)

    def catch_up(self, *, began: bool) -> int:
        """Does what was heard and left undone, by a process that died, once; returns how much. `began`: this process
        has heard nothing yet. Never raises."""
        try:
            with Store.open(self.plan.store_url) as store:
                left = store.heard.left(self.name, self.holder, self.clock(), lease_s=LEASE_S, began=began)
                # What this process is at itself for longer than the lease is not left undone.
                left = [click for click in left if click.key not in self._at_work]
                for click in left:
                    log.warning("slack app: what was heard at %s was left undone, and is done now", click.at)
                    self._take_up(store, click)
            return len(left)
        except CxmonError as error:
            log.warning("slack app: what was left undone is not known: %s", error)
            return 0

    def _take_up(self, store: Store, click: Click) -> None:
        request = parse(click.envelope)
        handler = handler_of(request, self.handlers) if request is not None else None
        if request is None or handler is None:
            store.heard.done(click.key)
            return
        with self._telling(request, lambda: None):
            self._done(store, request, handler, self.place(request, store), click.at, again=True)

    @contextmanager
    def _telling(self, request: Request, acknowledge: Callable[[], None]) -> Iterator[None]:
        """What goes wrong is told to the one who asked."""
        try:
            with using(self.plan.number_format):
                yield
        except CxmonError as error:
            acknowledge()
            tell(words.refused(str(error)), request, self.channel)
        except Exception:
            log.exception("slack app: %s %s failed", request.kind, request.name)
            acknowledge()
            tell(words.broke(), request, self.channel)

    def _handled(
        self, request: Request, handler: Handler, envelope: Mapping[str, Any], acknowledge: Acknowledge
    ) -> None:
        # What has nothing to say and to keep is acknowledged before the store is opened and Slack is asked who it is:
        # both may take longer than the three seconds that Slack waits.
        if handler.answer is nothing and not handler.once:
            acknowledge(None)
        with Store.open(self.plan.store_url) as store:
            now, place, body = self.clock(), None, None
            if handler.answer is not nothing:
                place = self.place(request, store)
                if refusal(request, place, handler):
                    acknowledge(None)
                    tell(refusal(request, place, handler), request, self.channel)
                    return
                body = handler.answer(request, place, now)
                if body is not None and body.get("response_action") in _STAYS:
                    acknowledge(body)
                    return
            if handler.once and not self._kept(store, request, envelope, now, lambda: acknowledge(body)):
                log.info("slack app: %s %s came twice", request.kind, request.name)
                return
            self._done(store, request, handler, place or self.place(request, store), now)

    def _kept(
        self,
        store: Store,
        request: Request,
        envelope: Mapping[str, Any],
        now: datetime,
        acknowledge: Callable[[], None],
    ) -> bool:
        """Kept, then acknowledged: from here on a kill loses nothing. False where it was heard before."""
        click = Click(key=request.key, app=self.name, at=now, holder=self.holder, envelope=envelope)
        try:
            fresh = store.heard.take(click, lease_s=LEASE_S, wait_s=self.wait_s)
        except CxmonError as error:
            # Slack waits three seconds, another writer may take longer: then it is done without the promise.
            log.warning("slack app: a click was not kept before its acknowledgement: %s", error)
            acknowledge()
            return store.heard.first(request.key, now)
        failpoint("click-kept")
        acknowledge()
        failpoint("click-acknowledged")
        return fresh

    def _done(
        self, store: Store, request: Request, handler: Handler, place: Place, now: datetime, *, again: bool = False
    ) -> None:
        """Does it. What is tried again has the moment of the click, by which `cxmon.actions` knows what it did."""
        self._at_work.add(request.key)
        try:
            if refused := refusal(request, place, handler):
                tell(refused, request, self.channel)
                return
            deeds = handler.handle(request, place, now)
            failpoint("click-handled")
            perform(deeds, request, self.channel, since=now if again else None)
            failpoint("click-performed")
        finally:
            if handler.once:
                self._forgotten(store, request)
            self._at_work.discard(request.key)

    def _forgotten(self, store: Store, request: Request) -> None:
        try:
            store.heard.done(request.key)
        except CxmonError as error:
            log.warning("slack app: that a click is done was not kept, it is tried again: %s", error)

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
