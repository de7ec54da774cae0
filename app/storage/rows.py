"""Rows that the store takes and returns: ids, times, digests, ciphertext. Times carry a zone and come back in UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from app.records import Person


@dataclass(frozen=True)
class TenantRow:
    """A tenant: a clinic or department whose records nobody else sees."""

    name: str
    created_at: datetime


@dataclass(frozen=True)
class PersonRow:
    """A person with their credentials; `password_hash` is None for somebody who signs in by link only.

    mac: authenticates all other fields.
    """

    person: Person
    password_hash: str | None = field(repr=False)
    created_at: datetime
    is_enabled: bool = True
    has_second_factor: bool = False
    mac: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class TokenRow:
    """An API token of a person; `digest` stands for the token, which is not stored.

    scopes: permissions that the token is limited to; empty for all of its person's.
    mac: authenticates all other fields but `last_used_at`.
    """

    tenant: str
    id: str
    person: str
    digest: bytes = field(repr=False)
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = None
    mac: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class LinkRow:
    """A one-time sign-in link; `mac` authenticates all other fields."""

    tenant: str
    person: str
    digest: bytes = field(repr=False)
    expires_at: datetime
    mac: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class SessionRow:
    """A session of a person; `mac` authenticates all other fields but `last_seen_at`.

    method: how the person signed in. browser, address: from where, "" where that is not known.
    awaits: "second-factor" where a code is missing, "" for a whole session.
    """

    tenant: str
    id: str
    person: str
    digest: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime
    last_seen_at: datetime
    method: str = ""
    browser: str = ""
    address: str = ""
    awaits: str = ""
    mac: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class PasskeyRow:
    """A passkey of a person; `mac` authenticates all other fields but `last_used_at`.

    sign_count: as its authenticator counts. label: a name that the person gave it.
    """

    tenant: str
    id: str
    person: str
    credential: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    label: str
    created_at: datetime
    last_used_at: datetime | None = None
    mac: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class IdentityRow:
    """An identity of a person at an identity provider; `mac` authenticates all other fields."""

    tenant: str
    person: str
    issuer: str
    subject: str
    mac: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class NewImage:
    """One view to be stored: its sealed assessment and the sealed file as it came.

    object: the key of the object that holds the file; `sealed_original` is empty then.
    """

    id: str
    created_at: datetime
    sealed_assessment: bytes = field(repr=False)
    sealed_original: bytes = field(repr=False)
    object: str | None = None
    sealed_thumbnail: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ReceivedRow:
    """An object received from another system, and the image that it became.

    instance, study_uid: keyed digests of its SOP Instance UID and Study Instance UID. content: of its bytes.
    """

    instance: bytes
    study_uid: bytes
    content: bytes
    study: str
    image: str


@dataclass(frozen=True)
class PendingRow:
    """An image that waits for inference, and how often it was tried, this time included."""

    tenant: str
    study: str
    image: str
    attempts: int


@dataclass(frozen=True)
class NewStudy:
    """A study to be stored with its first views."""

    id: str
    created_at: datetime
    created_by: str
    wrapped_key: bytes = field(repr=False)
    images: tuple[NewImage, ...]
    sealed_details: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ImageRow:
    """One view of a study, without its original."""

    id: str
    created_at: datetime
    sealed_assessment: bytes = field(repr=False)


@dataclass(frozen=True)
class NewFeedback:
    """Feedback to be stored: reader and time in the clear, the rest sealed."""

    id: str
    study: str
    image: str
    person: str
    created_at: datetime
    sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class FeedbackRow(NewFeedback):
    """Feedback as it is kept; `person_name` is None when the person is no longer there."""

    person_name: str | None


@dataclass(frozen=True)
class ClosingRow:
    """A disagreement of readers that a person closed; `person_name` is None when they are no longer there."""

    id: str
    study: str
    person: str
    created_at: datetime
    sealed: bytes = field(repr=False)
    person_name: str | None = None


@dataclass(frozen=True)
class ReportRow:
    """A signed report; versions of a study's report count from 1."""

    id: str
    study: str
    version: int
    person: str
    created_at: datetime
    sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class NoticeRow:
    """A notice for one person on the page of a study, sealed under the key of the study."""

    id: str
    study: str
    person: str
    created_at: datetime
    sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class RepeatableRow:
    """A request that may be repeated: what it was, as digests, and the study that it made.

    sealed: what else its answer held, under the key of the study.
    """

    person: str
    digest: bytes
    fingerprint: bytes
    study: str
    created_at: datetime
    sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class StudyRow:
    """A study and its views in the order they were added; feedback and closings newest first."""

    id: str
    tenant: str
    created_at: datetime
    created_by: str
    wrapped_key: bytes = field(repr=False)
    images: tuple[ImageRow, ...]
    sealed_details: bytes | None = field(default=None, repr=False)
    feedback: tuple[FeedbackRow, ...] = ()
    closings: tuple[ClosingRow, ...] = ()


@dataclass(frozen=True)
class StudyPageRow:
    """Some studies, newest first; `next` is given back as `after` for the ones that follow, None at the end."""

    studies: tuple[StudyRow, ...]
    next: str | None


@dataclass(frozen=True)
class OriginalRow:
    """One view with its original, and the key that opens both."""

    wrapped_key: bytes = field(repr=False)
    image: ImageRow
    sealed_original: bytes = field(repr=False)


@dataclass(frozen=True)
class AnsweredRow:
    """Feedback with the image that it is about, and the key that opens both."""

    wrapped_key: bytes = field(repr=False)
    image: ImageRow
    feedback: FeedbackRow


@dataclass(frozen=True)
class ReadMarkRow:
    """Read mark of a person on a study; `person_name` is None when the person is no longer there."""

    person: str
    person_name: str | None
    at: datetime


@dataclass(frozen=True)
class ListedRow:
    """A study as the worklist has it: `is_read` says whether somebody has read all of it, `marks` who has, by time."""

    study: StudyRow
    is_read: bool
    marks: tuple[ReadMarkRow, ...]


@dataclass(frozen=True)
class Labels:
    """Where a study stands in the blind index: the facets that it shows, its fine and its broad bucket.

    fingerprint: of the key that the labels are made with.
    """

    fingerprint: bytes
    facets: tuple[bytes, ...]
    bucket: bytes
    broad_bucket: bytes


@dataclass(frozen=True)
class WorklistQuery:
    """Which studies of a tenant, and in which order: bucket by bucket, or newest first; newest first inside a bucket.

    facet: every study shows it. also: other facets that it shows; meant for a `facet` that few studies show.
    buckets: fine ones in their order, or broad ones when `newest_first`.
    since, until: when the study came; `until` is not included.
    """

    facet: bytes
    buckets: tuple[bytes, ...]
    newest_first: bool = False
    since: datetime | None = None
    until: datetime | None = None
    also: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class WorklistPageRow:
    """Some studies of the worklist.

    next: given back as `after` for the studies that follow, None at the end. previous: given back as `before` for those
    that precede, None at the start.
    """

    entries: tuple[ListedRow, ...]
    next: str | None
    previous: str | None = None


@dataclass(frozen=True)
class AuditQuery:
    """Which entries of an audit record: empty texts and None leave a field open.

    since, until: the time of an entry; `until` is not included. before: a sequence that is not reached.
    """

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None

    def exactly(self) -> dict[str, str]:
        """The fields that an entry must have as they are."""
        return {"actor": self.actor, "action": self.action, "subject": self.subject}


@dataclass(frozen=True)
class WrappedKeyRow:
    """The wrapped key of one study, for rotation."""

    tenant: str
    study: str
    wrapped_key: bytes = field(repr=False)


def new_id() -> str:
    """A random id of 32 hexadecimal digits (122 random bits); it may stand in a URL."""
    return uuid4().hex


def is_storable(text: str) -> bool:
    """Whether a database takes this as text: PostgreSQL refuses NUL, and both refuse half a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
