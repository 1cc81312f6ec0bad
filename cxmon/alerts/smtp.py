"""One letter handed to a mail server, and what went wrong as the four things that the outbox knows.

Before the letter's last byte nothing has arrived: a broken connection is told as "later". Behind it only the server's
answer says what became of the letter; without one it is in doubt.
"""

import contextlib
import functools
import re
import smtplib
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cxmon.alerts.markup import clean
from cxmon.errors import DeliveryError
from cxmon.model import Secret

# All together: another worker takes a message for lost when the lease of the first is over.
MOST_S = 40.0
SAID = 160
GOOD_BYE_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where letters are handed over; `security` is starttls, tls or none."""

    host: str
    port: int
    security: str
    user: str
    password: Secret
    ca_file: str
    timeout_s: float


def hand_over(server: Server, letters: Sequence[bytes], *, sender: str, to: Sequence[str]) -> Mapping[str, str]:
    """Hand over the first of `letters` that the server takes; each next one is a plainer form of it.

    Returns the recipients that the server refused, with its words, where it took the letter for others. Raises
    DeliveryError: permanent where server, credentials, sender or all recipients are refused, payload where every form
    of the letter is, in_doubt where no answer came to a whole letter.
    """
    deadline = time.monotonic() + MOST_S
    with _connected(server, deadline) as smtp:
        for plainer, letter in enumerate(letters, start=1):
            try:
                return _one(smtp, server, deadline, letter, sender=sender, to=to)
            except DeliveryError as problem:
                if not problem.payload or plainer == len(letters):
                    raise
                with _told("reset"):
                    smtp.rset()
    return {}


@contextlib.contextmanager
def _connected(server: Server, deadline: float) -> Iterator[smtplib.SMTP]:
    """A session, signed in where there is a user. It never falls back to an unprotected one."""
    place, hurry = f"{server.host}:{server.port}", functools.partial(_hurry, server=server, deadline=deadline)
    context = _trusted(server.ca_file)
    with _told(place):
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_s, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout_s)
    try:
        with _told(place):
            hurry(smtp)
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo()
            if server.user:
                hurry(smtp)
                smtp.login(server.user, server.password.reveal())
        yield smtp
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if smtp.sock is not None:
                smtp.sock.settimeout(GOOD_BYE_S)
            smtp.quit()
    finally:
        smtp.close()


def _trusted(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as problem:
        raise DeliveryError(
            f"mail: ca_file {ca_file} holds no certificate that can be read", permanent=True
        ) from problem


def _one(
    smtp: smtplib.SMTP, server: Server, deadline: float, letter: bytes, *, sender: str, to: Sequence[str]
) -> dict[str, str]:
    with _told("the sender"):
        _hurry(smtp, server=server, deadline=deadline)
        code, said = smtp.mail(sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, said, sender)
    refused: dict[str, tuple[int, bytes]] = {}
    for address in to:
        with _told("a recipient"):
            _hurry(smtp, server=server, deadline=deadline)
            code, said = smtp.rcpt(address)
            if code not in {250, 251}:
                refused[address] = code, said
    if len(refused) == len(to):
        # One that is refused for now only is asked again, and with it the others.
        code, said = min(refused.values())
        raise _refusal("all recipients", code, said)
    with _told("the letter"):
        _hurry(smtp, server=server, deadline=deadline)
        code, said = smtp.docmd("data")
        if code != 354:
            raise smtplib.SMTPDataError(code, said)
    _whole(smtp, letter)
    return {address: _words(*why) for address, why in refused.items()}


def _whole(smtp: smtplib.SMTP, letter: bytes) -> None:
    """The letter itself. From here on a broken connection leaves it in doubt."""
    stuffed = re.sub(rb"(?m)^\.", b"..", letter)
    try:
        smtp.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        code, said = smtp.getreply()
    except (OSError, smtplib.SMTPException) as problem:
        raise DeliveryError(f"the mail server gave no answer to a whole letter: {_said(problem)}", in_doubt=True) from (
            problem
        )
    if code == 250:
        return
    words = _words(code, said)
    if code < 500:
        raise DeliveryError(f"the mail server does not take the letter now ({words})")
    raise DeliveryError(f"the mail server refuses this letter ({words})", permanent=True, payload=True)


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """What can go wrong before the letter's last byte, as a DeliveryError that is never in doubt."""
    try:
        yield
    except smtplib.SMTPNotSupportedError as problem:
        raise DeliveryError(f"mail, {what}: {_said(problem)}", permanent=True) from problem
    except smtplib.SMTPResponseException as problem:
        raise _refusal(what, problem.smtp_code, problem.smtp_error) from problem
    except ssl.SSLError as problem:
        reason = f"no protected connection: {problem.reason or _said(problem)}"
        raise DeliveryError(f"mail, {what}: {reason}; `ca_file` and `security` decide it", permanent=True) from problem
    except (smtplib.SMTPException, OSError, ValueError) as problem:
        raise DeliveryError(f"mail, {what}: not reached: {_said(problem)}") from problem


def _refusal(what: str, code: int, said: bytes | str) -> DeliveryError:
    """4xx: later. 5xx: somebody has to mend something. Anything else is no mail server."""
    return DeliveryError(f"mail, {what}: refused ({_words(code, said)})", permanent=not 400 <= code < 500)


def _hurry(smtp: smtplib.SMTP, *, server: Server, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise DeliveryError(f"mail: the server took longer than {MOST_S:.0f} s")
    if smtp.sock is not None:
        smtp.sock.settimeout(min(server.timeout_s, left))


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {clean(text)[:SAID]}".strip()


def _said(problem: Exception) -> str:
    return clean(str(problem))[:SAID] or type(problem).__name__
