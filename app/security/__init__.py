"""Open sealed uploads, seal at rest, keys, passwords, tokens, audit chain, blind index."""

from app.security.access_seal import AccessSeal
from app.security.audit import AuditChain
from app.security.authentication.passkeys import (
    NewCredential,
    Site,
    creation_options,
    credential_id,
    new_challenge,
    request_options,
    verify_creation,
    verify_request,
)
from app.security.authentication.passwords import RFC_9106_SECOND, PasswordCost, Passwords
from app.security.authentication.second_factor import (
    FactorSeal,
    SecondFactor,
    matching_step,
    new_factor,
    new_recovery_codes,
    provisioning_uri,
    recovery_digest,
    secret_text,
)
from app.security.blind_index import BlindIndex
from app.security.key_file import KeyFile, KeyRing
from app.security.keys import MasterKey, MasterKeys, new_master_key
from app.security.sealing import AssociatedData, Vault
from app.security.secret_keys import SecretKeys
from app.security.tokens import new_token
from app.security.uploads import PublicUploadKey, UploadKeys, seal_upload
from app.security.webhooks import WebhookKeys

__all__ = [
    "RFC_9106_SECOND",
    "AccessSeal",
    "AssociatedData",
    "AuditChain",
    "BlindIndex",
    "FactorSeal",
    "KeyFile",
    "KeyRing",
    "MasterKey",
    "MasterKeys",
    "NewCredential",
    "PasswordCost",
    "Passwords",
    "PublicUploadKey",
    "SecondFactor",
    "SecretKeys",
    "Site",
    "UploadKeys",
    "Vault",
    "WebhookKeys",
    "creation_options",
    "credential_id",
    "matching_step",
    "new_challenge",
    "new_factor",
    "new_master_key",
    "new_recovery_codes",
    "new_token",
    "provisioning_uri",
    "recovery_digest",
    "request_options",
    "seal_upload",
    "secret_text",
    "verify_creation",
    "verify_request",
]
