"""How messages stand on their way to a channel, in words."""

from cxmon.model import Delivery, OutboxRow, written
from cxmon.wording.numbers import counted

_STATES = {
    Delivery.WAITING: "waiting",
    Delivery.SENDING: "on its way",
    Delivery.SENT: "sent",
    Delivery.PARKED: "its channel takes nothing until somebody mends it; tried again every ten minutes",
    Delivery.DEAD: "given up: it cannot be sent in any form",
}


def state(which: Delivery) -> str:
    return _STATES[which]


def counts(waiting: int, stuck: int, sent: int) -> str:
    """`3 waiting, 1 not delivered, 24 sent`, of the newest ones."""
    parts = [(waiting, "waiting"), (stuck, "not delivered"), (sent, "sent")]
    return ", ".join(f"{written(n)} {what}" for n, what in parts if n)


def trouble(row: OutboxRow) -> str:
    """Why it is not there, and how often it was tried."""
    tried = f" after {counted(row.attempts, 'try').replace('trys', 'tries')}" if row.attempts else ""
    return f"{state(row.state)}{tried}{f', {row.error}' if row.error else ''}"
