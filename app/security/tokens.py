"""Random tokens for API, sessions and sign-in links; `AccessSeal` makes the digests that are stored of them."""

import secrets

_TOKEN_BYTES = 32


def new_token() -> str:
    """A fresh token of 256 random bits, 43 URL-safe characters: too many to guess, so no slow hash is needed."""
    return secrets.token_urlsafe(_TOKEN_BYTES)
