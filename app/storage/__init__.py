"""Rows of ciphertext in SQLite or PostgreSQL; holds no key."""

from app.storage.rows import (
    AnsweredRow,
    FeedbackRow,
    ImageRow,
    Labels,
    ListedRow,
    NewFeedback,
    NewImage,
    NewStudy,
    OriginalRow,
    PersonRow,
    ReadMarkRow,
    StudyPageRow,
    StudyRow,
    TokenRow,
    WorklistPageRow,
    WorklistQuery,
    WrappedKeyRow,
    new_id,
)
from app.storage.schema import migrate
from app.storage.store import Store, UnitOfWork, open_store
from app.storage.worklist.index import Labeller

__all__ = [
    "AnsweredRow",
    "FeedbackRow",
    "ImageRow",
    "Labeller",
    "Labels",
    "ListedRow",
    "NewFeedback",
    "NewImage",
    "NewStudy",
    "OriginalRow",
    "PersonRow",
    "ReadMarkRow",
    "Store",
    "StudyPageRow",
    "StudyRow",
    "TokenRow",
    "UnitOfWork",
    "WorklistPageRow",
    "WorklistQuery",
    "WrappedKeyRow",
    "migrate",
    "new_id",
    "open_store",
]
