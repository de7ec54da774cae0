"""Passkeys after WebAuthn: options for a browser, and verification of what its authenticator signed.

Authenticators must verify their user (by a PIN or biometrics), so a passkey is two factors by itself.

Source: W3C Web Authentication Level 3, sections 7.1 and 7.2.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.access_errors import PasskeyRefused

NAME = "Fracture detection"
CHALLENGE_BYTES = 32


@dataclass(frozen=True)
class Site:
    """The web site that passkeys belong to: its host name, and its origin with scheme and port."""

    host: str
    origin: str


@dataclass(frozen=True)
class NewCredential:
    """A credential as its authenticator made it."""

    id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int


def new_challenge() -> bytes:
    """A fresh random challenge."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def creation_options(site: Site, challenge: bytes, user: tuple[bytes, str], known: Sequence[bytes]) -> str:
    """Options for `navigator.credentials.create`, as JSON.

    user: handle and name. known: credentials that the user has, whose authenticators do not make another.
    """
    return options_to_json(
        generate_registration_options(
            rp_id=site.host,
            rp_name=NAME,
            user_id=user[0],
            user_name=user[1],
            challenge=challenge,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
    )


def verify_creation(site: Site, challenge: bytes, credential: str) -> NewCredential:
    """The credential of a browser's answer, as JSON.

    Raises:
        PasskeyRefused: of another site or challenge, without user verification, or not well formed.
    """
    try:
        found = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    return NewCredential(found.credential_id, found.credential_public_key, found.sign_count)


def request_options(site: Site, challenge: bytes) -> str:
    """Options for `navigator.credentials.get`, as JSON; the browser offers the passkeys that it has for the site."""
    return options_to_json(
        generate_authentication_options(
            rp_id=site.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
    )


def credential_id(credential: str) -> bytes:
    """The id of the credential of a browser's answer.

    Raises:
        PasskeyRefused: not well formed.
    """
    try:
        return parse_authentication_credential_json(credential).raw_id
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error


def verify_request(site: Site, challenge: bytes, credential: str, known: NewCredential) -> int:
    """The new signature count of a known credential that signed a challenge.

    Raises:
        PasskeyRefused: of another site, challenge or key, without user verification, or counted back as a copy would.
    """
    try:
        found = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused from error
    return found.new_sign_count
