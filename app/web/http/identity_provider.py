"""Identity provider after OpenID Connect: authorization code flow with PKCE, state and nonce, by Authlib."""

from collections.abc import Mapping
from typing import Any, cast

from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.flask_client import OAuth  # type: ignore[import-untyped]
from flask import Flask, current_app
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from app.access_errors import SingleSignOnRefused
from app.config import SingleSignOnSettings
from app.errors import NotFound, Unavailable

TIMEOUT_S = 10
_KEY = "identity_provider"
# What a provider may send that is no answer, and what Authlib makes of one that does not fit.
_REFUSED = (AuthlibBaseError, JoseError, RuntimeError, ValueError, KeyError, TypeError)


class IdentityProvider:
    """The provider of the settings. Its metadata and keys are asked for when they are first needed."""

    def __init__(self, app: Flask, settings: SingleSignOnSettings) -> None:
        self._client: Any = OAuth(app).register(
            name="provider",
            server_metadata_url=f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            client_kwargs={
                "scope": settings.scopes,
                "code_challenge_method": "S256",
                "default_timeout": TIMEOUT_S,
            },
        )
        self._settings = settings

    def begin(self, redirect_uri: str) -> ResponseReturnValue:
        """Send the browser to the provider; state, nonce and PKCE verifier stay in its signed cookie.

        Raises:
            Unavailable: the provider does not answer.
        """
        try:
            return cast(ResponseReturnValue, self._client.authorize_redirect(redirect_uri))
        except (RequestException, *_REFUSED) as error:
            raise Unavailable from error

    def claims(self) -> Mapping[str, object]:
        """The claims of the ID token that the current request's code is exchanged for.

        Raises:
            SingleSignOnRefused: the provider refused, or state, nonce, signature, issuer, audience or time do not fit.
            Unavailable: the provider does not answer.
        """
        try:
            claims = self._client.authorize_access_token()["userinfo"]
        except RequestException as error:
            raise Unavailable from error
        except _REFUSED as error:
            raise SingleSignOnRefused from error
        if claims["iss"] != self._settings.issuer:
            raise SingleSignOnRefused
        return cast(Mapping[str, object], claims)

    def sign_out_address(self, back: str) -> str | None:
        """The address that signs the browser out at the provider, too; None where it has none or does not answer."""
        try:
            found = self._client.create_logout_url(back, client_id=self._settings.client_id)
        except (RequestException, *_REFUSED):
            return None
        return str(found["url"])


def install(app: Flask, settings: SingleSignOnSettings | None) -> None:
    """Make the provider of the settings available to views, if there is one."""
    app.extensions[_KEY] = IdentityProvider(app, settings) if settings else None
    app.jinja_env.globals["has_single_sign_on"] = settings is not None


def identity_provider() -> IdentityProvider:
    """The provider of this application.

    Raises:
        NotFound: there is none.
    """
    found = current_app.extensions[_KEY]
    if found is None:
        raise NotFound
    return cast(IdentityProvider, found)
