"""Socket Mode with a watchdog: one open socket at a time, renewed before it is missed, built anew when it goes deaf.

The SDK's client receives and sends; when a socket is left is decided here alone. A new socket is open before an old one
is closed, so that a renewal loses no click. Clicks made while no socket was open are lost; Slack tells who clicked.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cxmon.alerts import Slack
from cxmon.alerts.slack_errors import classify, error_name, retry_after
from cxmon.config.plan import Plan
from cxmon.errors import CxmonError
from cxmon.slack_app.contract import Answer
from cxmon.slack_app.hearing import Hearing
from cxmon.store import Listener, Store
from cxmon.wording import clicking as words

if TYPE_CHECKING:
    from slack_sdk.socket_mode import SocketModeClient
    from slack_sdk.socket_mode.request import SocketModeRequest

log = logging.getLogger(__name__)
# The SDK calls it an error when it is closed; what matters is told by the watchdog. Envelopes belong in no log.
_QUIET = logging.getLogger("cxmon.slack_app.socket")
_QUIET.setLevel(logging.CRITICAL)


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """How long each thing may take, in seconds: between pings, without a pong, until Slack's hello, with nothing but
    pongs; waits between tries; between two looks and two signs of life in the store."""

    ping_s: float = 5.0
    deaf_s: float = 20.0
    hello_s: float = 15.0
    quiet_s: float = 1_800.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    look_s: float = 0.5
    report_s: float = 15.0
    linger_s: float = 2.0


class Ear:
    """One socket, and what was heard of it."""

    def __init__(self, channel: Slack, hear: Callable[[Mapping[str, Any], Callable[[Answer | None], None]], None],
                 pulse: Pulse) -> None:  # fmt: skip
        from slack_sdk.socket_mode import SocketModeClient  # noqa: PLC0415 - loaded where somebody listens.

        ear = self

        class Client(SocketModeClient):
            def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: ARG002
                """The SDK would replace the socket in place and be deaf meanwhile; ours is replaced by the watchdog."""
                ear.asked_to_leave = True

        self._hear, self._pulse = hear, pulse
        self.asked_to_leave = self.hello = False
        self._broke = ""
        self._pong: float | None = None
        self._began = self._ponged = self._told = time.monotonic()
        app = channel.client()
        self._client: SocketModeClient = Client(
            app_token=channel.app_token.reveal(),
            web_client=app,
            logger=_QUIET,
            auto_reconnect_enabled=False,
            ping_interval=pulse.ping_s,
            on_message_listeners=[self._message],
            on_error_listeners=[self._failed],
        )
        self._client.socket_mode_request_listeners.append(self._request)  # type: ignore[arg-type]
        try:
            opened = app.apps_connections_open(app_token=channel.app_token.reveal())
            self._client.wss_uri = str(opened["url"])
            self._client.connect()
        except BaseException:
            self.close()
            raise

    def trouble(self) -> str:
        """Why this socket must be left now; empty while it hears. Ages are by the monotonic clock."""
        now, session = time.monotonic(), self._client.current_session
        pong = session.last_ping_pong_time if session is not None else None
        if pong != self._pong:
            self._pong, self._ponged = pong, now
        if self.asked_to_leave:
            return "renewed: Slack asked for it"
        if session is None or not session.is_active():
            return f"the connection broke{self._broke and f' ({self._broke})'}"
        if not self.hello and now - self._began > self._pulse.hello_s:
            return "Slack did not say hello"
        if now - self._ponged > self._pulse.deaf_s:
            return f"deaf: no answer to a ping for {now - self._ponged:.0f} s"
        if now - self._told > self._pulse.quiet_s:
            return f"renewed: nothing came for {now - self._told:.0f} s"
        return ""

    @property
    def age(self) -> float:
        return time.monotonic() - self._began

    def close(self, after_s: float = 0.0) -> None:
        """Closes in the background: the SDK waits for its threads, and what is being answered is let out first."""

        def closing() -> None:
            time.sleep(after_s)
            try:
                self._client.close()
            except Exception as problem:  # noqa: BLE001 - it is left anyway.
                log.debug("closing a socket: %s", problem)

        threading.Thread(target=closing, name="slack-socket-closing", daemon=True).start()

    def _message(self, text: str) -> None:
        self._told = time.monotonic()
        if '"hello"' in text:
            self.hello = True

    def _failed(self, problem: Exception) -> None:
        self._broke = (str(problem).splitlines() or [""])[0][:200] or type(problem).__name__

    def _request(self, client: "SocketModeClient", request: "SocketModeRequest") -> None:
        from slack_sdk.socket_mode.response import SocketModeResponse  # noqa: PLC0415 - see above.

        def acknowledge(body: Answer | None) -> None:
            try:
                client.send_socket_mode_response(
                    SocketModeResponse(envelope_id=request.envelope_id, payload=None if body is None else dict(body))
                )
            except Exception as problem:  # noqa: BLE001 - it comes again by another socket; what is done is done once.
                log.warning("slack app: an envelope could not be acknowledged: %s", problem)

        self._hear({"type": request.type, "payload": request.payload}, acknowledge)


class Listening:
    """Listens to one Slack app until `stop`; everything that goes wrong is tried again, and kept for `cxmon doctor`."""

    def __init__(
        self,
        plan: Plan,
        name: str,
        channel: Slack,
        *,
        holder: str,
        clock: Callable[[], datetime],
        pulse: Pulse | None = None,
    ) -> None:
        self._plan, self._name, self._channel, self._holder, self._clock = plan, name, channel, holder, clock
        self._pulse = pulse or Pulse()
        self._hearing = Hearing(plan=plan, channel=channel, clock=clock, name=name, holder=holder)
        self._caught_up = -1e9
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"slack-{name}", daemon=True)
        self._reported: tuple[float, bool, str] = (-1e9, False, "")
        self.sockets = 0

    def start(self) -> "Listening":
        self._thread.start()
        return self

    def stop(self, within_s: float = 5.0) -> None:
        self._stop.set()
        self._thread.join(within_s)

    def _run(self) -> None:
        ear: Ear | None = None
        wait = 0.0
        while not self._stop.is_set():
            self._catch_up()
            why = "" if ear is None else ear.trouble()
            if ear is not None and not why:
                self._report(hears=ear.hello, detail=words.hears() if ear.hello else words.opening())
                self._stop.wait(self._pulse.look_s)
                continue
            if ear is not None:
                log.info("slack app: the socket of %s is left: %s", self._name, why)
                wait = self._longer(wait, ear)
            if ear is not None and not why.startswith("renewed"):
                self._report(hears=False, detail=why)
                ear.close()
                ear = None
            # Slack is never asked in a tight loop; a socket that is only renewed hears meanwhile.
            self._stop.wait(wait)
            opened = None if self._stop.is_set() else self._opened(hears=ear is not None)
            if opened is None:
                wait = self._longer(wait)
                continue
            if ear is not None:
                ear.close(self._pulse.linger_s)
            ear = opened
        if ear is not None:
            ear.close()
        self._ended()

    def _catch_up(self) -> None:
        """At the start, and every so often: what another process that died has left undone."""
        if time.monotonic() - self._caught_up >= self._pulse.report_s:
            self._hearing.catch_up(began=self._caught_up < 0)
            self._caught_up = time.monotonic()

    def _longer(self, wait: float, ear: Ear | None = None) -> float:
        """How long to wait before Slack is asked again: longer each time, unless the last socket lived well."""
        if ear is not None and ear.age > self._pulse.longest_wait_s:
            return self._pulse.first_wait_s
        return min(max(wait * 2, self._pulse.first_wait_s), self._pulse.longest_wait_s)

    def _opened(self, *, hears: bool) -> Ear | None:
        """A new socket, or None where Slack gave none; where it asks to wait, after that wait. `hears`: the one before
        it still does."""
        try:
            ear = Ear(self._channel, self._hearing.hear, self._pulse)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is tried again.
            said = f"not connected: {classify(problem, repeatable=True)}"
            log.warning("slack app: %s: %s", self._name, said)
            self._report(hears=hears, detail=said)
            if error_name(problem) in {"ratelimited", "rate_limited"}:
                self._stop.wait(retry_after(problem))
            return None
        self.sockets += 1
        return ear

    def _report(self, *, hears: bool, detail: str) -> None:
        """A sign of life in the store, at once where something changed."""
        at, before, said = self._reported
        if (hears, detail) == (before, said) and time.monotonic() - at < self._pulse.report_s:
            return
        self._reported = (time.monotonic(), hears, detail)
        found = Listener(channel=self._name, holder=self._holder, hears=hears, seen_at=self._clock(), detail=detail)
        try:
            with Store.open(self._plan.store_url) as store:
                store.heard.listening(found)
        except CxmonError as error:
            log.warning("slack app: its state was not kept: %s", error)

    def _ended(self) -> None:
        try:
            with Store.open(self._plan.store_url) as store:
                store.heard.gone(self._name, self._holder)
        except CxmonError as error:
            log.warning("slack app: its end was not kept: %s", error)


def listenings(
    plan: Plan, *, holder: str, clock: Callable[[], datetime], pulse: Pulse | None = None
) -> list[Listening]:
    """One for each app whose buttons are to be heard: channels with the same app token share it."""
    by_app: dict[str, tuple[str, Slack]] = {}
    for name, channel in plan.channels.items():
        if isinstance(channel, Slack) and channel.listens:
            by_app.setdefault(channel.app_token.reveal(), (name, channel))
    return [
        Listening(plan, name, channel, holder=holder, clock=clock, pulse=pulse) for name, channel in by_app.values()
    ]
