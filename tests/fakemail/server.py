"""A real mail server on loopback that can be told to refuse, to wait, and to hang up."""

import ssl
from email import message_from_bytes, policy

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

PASSWORD = "open sesame"


class Handler:
    """Keeps what it takes. `recipients` and `data` say how it answers, `hang_up` that it does after the letter."""

    def __init__(self):
        self.letters, self.raw = [], []
        self.recipients, self.data, self.hang_up = {}, [], False

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - the library's names.
        answer = self.recipients.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer.startswith("250"):
            self.raw.append(envelope.content)
            self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.hang_up:
            server.transport.abort()
        return answer


class Server(Controller):
    def __init__(self, **more):
        super().__init__(Handler(), hostname="127.0.0.1", port=0, **more)

    def _trigger_server(self):
        # The library asks the port that it was given; ours is whichever was free.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="module")
def running():
    server = Server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mail(running):
    running.handler.__init__()
    return running


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """(the authority, its file)."""
    found = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    found.cert_pem.write_to_path(str(path))
    return found, path


@pytest.fixture(scope="module")
def protected(authority):
    """One with STARTTLS and a password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority[0].issue_cert("127.0.0.1").configure_cert(context)

    def known(server, session, envelope, mechanism, login):
        return AuthResult(success=login.password == PASSWORD.encode(), handled=False)

    server = Server(
        tls_context=context, require_starttls=True, auth_required=True, authenticator=known, auth_require_tls=True
    )
    server.start()
    yield server
    server.stop()
