"""A small OpenID Connect provider on loopback: discovery, keys, authorisation code with PKCE, signed id tokens.

No benchmark by itself: `sign_in.py` signs people in at it.
"""

import base64
import hashlib
import json
import secrets
import time
import urllib.parse

from werkzeug import Request, Response


class Provider:
    """Signs in whoever `claims` says, without asking for a password. Serve it with `pytest_httpserver`."""

    def __init__(self, httpserver, client_id, client_secret):
        from joserfc.jwk import RSAKey

        self.key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
        self.issuer = httpserver.url_for("").rstrip("/")
        self.client = (client_id, client_secret)
        self.claims = {}
        self.codes = {}
        httpserver.expect_request("/.well-known/openid-configuration").respond_with_json(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )
        httpserver.expect_request("/keys").respond_with_json({"keys": [self.key.as_dict(private=False)]})
        httpserver.expect_request("/authorize").respond_with_handler(self._authorize)
        httpserver.expect_request("/token", method="POST").respond_with_handler(self._token)

    def _authorize(self, request: Request):
        asked = request.args
        assert asked["client_id"] == self.client[0]
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked.to_dict()
        back = urllib.parse.urlencode({"code": code, "state": asked["state"]})
        return Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{back}"})

    def _token(self, request: Request):
        from joserfc import jwt

        sent = request.form
        asked = self.codes.pop(sent["code"])
        hashed = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(hashed).rstrip(b"=").decode() == asked["code_challenge"]
        assert (request.authorization.username, request.authorization.password) == self.client
        assert sent["redirect_uri"] == asked["redirect_uri"]
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": self.client[0], "sub": "7", "iat": now, "exp": now + 600,
            "nonce": asked["nonce"], **self.claims,
        }  # fmt: skip
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        body = {"access_token": "a", "token_type": "Bearer", "expires_in": 600, "id_token": token}
        return Response(json.dumps(body), mimetype="application/json")
