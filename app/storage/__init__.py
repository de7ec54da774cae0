"""Rows of ciphertext in SQLite or PostgreSQL; holds no key."""

from app.storage.rows import (
    AnsweredRow,
    FeedbackRow,
    ImageRow,
    NewFeedback,
    NewImage,
    NewStudy,
    OriginalRow,
    PersonRow,
    StudyPageRow,
    StudyRow,
    TokenRow,
    WrappedKeyRow,
    new_id,
)
from app.storage.schema import migrate
from app.storage.store import Store, open_store

__all__ = [
    "AnsweredRow",
    "FeedbackRow",
    "ImageRow",
    "NewFeedback",
    "NewImage",
    "NewStudy",
    "OriginalRow",
    "PersonRow",
    "Store",
    "StudyPageRow",
    "StudyRow",
    "TokenRow",
    "WrappedKeyRow",
    "migrate",
    "new_id",
    "open_store",
]
