"""Open sealed uploads, seal at rest, keys, passwords, tokens, audit chain, blind index."""

from app.security.audit import AuditChain
from app.security.blind_index import BlindIndex
from app.security.key_file import KeyFile, KeyRing
from app.security.keys import MasterKey, MasterKeys, new_master_key
from app.security.passwords import RFC_9106_SECOND, PasswordCost, Passwords
from app.security.sealing import AssociatedData, Vault
from app.security.tokens import digest, new_token
from app.security.uploads import PublicUploadKey, UploadKeys, seal_upload
from app.security.webhooks import WebhookKeys

__all__ = [
    "RFC_9106_SECOND",
    "AssociatedData",
    "AuditChain",
    "BlindIndex",
    "KeyFile",
    "KeyRing",
    "MasterKey",
    "MasterKeys",
    "PasswordCost",
    "Passwords",
    "PublicUploadKey",
    "UploadKeys",
    "Vault",
    "WebhookKeys",
    "digest",
    "new_master_key",
    "new_token",
    "seal_upload",
]
