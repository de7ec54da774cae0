"""Every expected failure, in words that are safe to show: no file name, no pixel, no DICOM value; `code` is stable.

`app.web.http.errors` maps each family to a status. `scripts.translate` finds messages here and where they are raised.
"""

from collections.abc import Sequence

from app.translatable import N_


class FractureError(Exception):
    """An expected failure; `str()` of it is one English sentence that may be shown.

    template, values: the sentence with `%(name)s` in place of its values, and these.
    of_files: where several files failed with it, the name of each and what it failed with.
    """

    code = "error"
    message = "Something went wrong."

    def __init__(self, template: str | None = None, /, **values: object) -> None:
        self.template = template or self.message
        self.values = values
        self.of_files: Sequence[tuple[str, FractureError]] = ()
        super().__init__(self.template % values if values else self.template)


class ConfigError(FractureError):
    """A setting is missing or wrong; the application does not start."""

    code = "config"
    message = "A setting is missing or wrong."


class ModelError(FractureError):
    """The weights are missing, altered or of another architecture; the application does not start."""

    code = "model"
    message = "The weights do not match models/model.json."


class DatasetError(FractureError):
    """A data set for training or evaluation is not as it should be; one line that says what, and in which file."""

    code = "dataset"
    message = "The data set cannot be used."


class TrainingError(FractureError):
    """A training run cannot start or go on; one line that says what, and in which file."""

    code = "training"
    message = "The training run cannot go on."


class ExportError(FractureError):
    """Weights cannot be exported, or lose too much by it; one line that says what."""

    code = "export"
    message = "The weights cannot be exported."


class BadRequest(FractureError):
    """The request itself is not well formed."""

    code = "bad-request"
    message = N_("The request could not be understood.")


class SlowRequest(FractureError):
    """The request did not arrive in time."""

    code = "slow-request"
    message = N_("The request took too long to arrive. Check the connection and send it again.")


class NoFile(BadRequest):
    """A form without a file."""

    code = "no-file"
    message = N_("No file was sent. Choose at least one X-ray.")


class TooManyFiles(BadRequest):
    """More files than one study takes."""

    code = "too-many-files"
    message = N_("At most 20 files can be sent at once.")


class UnusableImage(FractureError):
    """The file is understood, and cannot be read as one radiograph."""

    code = "unusable-image"
    message = N_("This file cannot be read as an X-ray.")


class EmptyFile(UnusableImage):
    """No bytes at all."""

    code = "empty-file"
    message = N_("This file is empty.")


class DamagedImage(UnusableImage):
    """The right format, but truncated or corrupt."""

    code = "damaged-image"
    message = N_("This file is damaged or incomplete. Export it again and send the new file.")


class TooComplex(UnusableImage):
    """Decoding would take more time or memory than any radiograph needs."""

    code = "too-complex"
    message = N_("This file takes too much time or memory to open. Export it again, uncompressed if you can.")


class NoPixels(UnusableImage):
    """A DICOM object without an image, or an image without pixels."""

    code = "no-pixels"
    message = N_("This file holds no image.")


class MultiFrame(UnusableImage):
    """Several frames: cine, video, animation, multi-page."""

    code = "multi-frame"
    message = N_("This file holds several images. Send each X-ray as a file of its own.")


class UnsupportedColour(UnusableImage):
    """CMYK and other colour models that no radiograph has."""

    code = "unsupported-colour"
    message = N_("This file uses print colours (CMYK). Send the X-ray in grey or RGB.")


class UnsupportedImage(FractureError):
    """By its content not an image format that is supported, or compressed in a way that is not."""

    code = "unsupported-image"
    message = N_("This file is not an image of a kind that is supported. Send the X-ray as DICOM, PNG, TIFF or JPEG.")


class TooLarge(FractureError):
    """More bytes or pixels than the settings allow."""

    code = "too-large"
    message = N_("This is too large.")


class ImageTooLarge(TooLarge):
    """More pixels than MAX_PIXELS, told from the header."""

    code = "image-too-large"
    message = N_("This image has too many pixels to be an X-ray.")


class UploadTooLarge(TooLarge):
    """More bytes than MAX_UPLOAD_MB."""

    code = "upload-too-large"
    message = N_("This file is larger than this server accepts.")


class UnknownKey(FractureError):
    """Sealed for a key that never was, or is no longer, this server's."""

    code = "unknown-key"
    message = N_("The key that this file was sealed with is not valid any more. Reload the page and send it again.")


class SealBroken(UnusableImage):
    """A sealed upload that does not open; why is not said."""

    code = "seal-broken"
    message = N_("The encrypted file was damaged on its way. Send it again.")


class Unprocessable(FractureError):
    """Well formed, and it does not fit what is stored."""

    code = "unprocessable"
    message = N_("This does not fit what is stored.")


class BadFeedback(Unprocessable):
    """A reader's answer that cannot be kept; the message says which part of it."""

    code = "bad-feedback"
    message = N_("This answer cannot be stored.")


class BadPatient(Unprocessable):
    """A patient or label that cannot be kept; the message says which value."""

    code = "bad-patient"
    message = N_("This patient cannot be stored.")


class ReusedKey(Unprocessable):
    """An Idempotency-Key that came with other files before."""

    code = "idempotency-key-reused"
    message = N_("This Idempotency-Key was sent with other files before. Use a new key for a new request.")


class NotSignedIn(FractureError):
    """No session, no token, or one that has ended."""

    code = "not-signed-in"
    message = N_("Sign in to continue.")


class SignInRefused(NotSignedIn):
    """Wrong name or password, or a link that was used; which of them is not said."""

    code = "sign-in-refused"
    message = N_("Name or password is wrong.")


class LinkRefused(NotSignedIn):
    """A sign-in link that was used, has expired or never was."""

    code = "link-refused"
    message = N_("This sign-in link was used already or has expired.")


class InvalidToken(NotSignedIn):
    """An API token that is not valid."""

    code = "invalid-token"
    message = N_("The API token is missing or not valid.")


class Forbidden(FractureError):
    """Signed in, and not allowed."""

    code = "forbidden"
    message = N_("You are not allowed to do this.")


class NotFound(FractureError):
    """Not there, or another tenant's: the two look the same."""

    code = "not-found"
    message = N_("This does not exist.")


class TenantNotFound(NotFound):
    """No tenant of this name; an administrator makes them on purpose."""

    code = "tenant-not-found"
    message = N_("There is no such tenant.")


class StudyNotFound(NotFound):
    """No such study in the reader's tenant."""

    code = "study-not-found"
    message = N_("This study does not exist, or was deleted.")


class ImageNotFound(NotFound):
    """No such view in the study."""

    code = "image-not-found"
    message = N_("This image does not exist, or was deleted.")


class Conflict(FractureError):
    """The request conflicts with the present state."""

    code = "conflict"
    message = N_("This clashes with what is already there.")


class StudyHeld(Conflict):
    """A study under a legal hold was to be deleted."""

    code = "legal-hold"
    message = N_("This study is under a legal hold and cannot be deleted.")


class DifferentPatients(Conflict):
    """Files of different patients for one study."""

    code = "different-patients"
    message = N_("These files belong to different patients. Send each patient's files as a study of its own.")


class StaleReport(Conflict):
    """A report to be signed whose study has changed since its reader saw it."""

    code = "stale-report"
    message = N_("This study has changed since you opened it. Look at it again before you sign.")


class NotDisputed(Conflict):
    """A disagreement to be closed that is none."""

    code = "not-disputed"
    message = N_("The readers of this study do not differ.")


class NameTaken(Conflict):
    """A person of this name exists in the tenant."""

    code = "name-taken"
    message = N_("A person of this name exists already.")


class WeakPassword(BadRequest):
    """Shorter than the minimum."""

    code = "weak-password"
    message = N_("The password needs at least 12 characters.")


class CommonPassword(WeakPassword):
    """On the list of common passwords, or a name."""

    code = "common-password"
    message = N_("Many people use this password, or it follows from a name. Choose another one.")


class WrongPassword(BadRequest):
    """The present password, asked for before a change, is another one."""

    code = "wrong-password"
    message = N_("This is not your present password.")


class TooManyAttempts(FractureError):
    """Sign-in tried too often; `retry_after_s` says when to come back."""

    code = "too-many-attempts"
    message = N_("Too many attempts to sign in. Wait a few minutes and try again.")
    retry_after_s = 300


class Busy(FractureError):
    """The queue is full; `retry_after_s` says when to come back."""

    code = "busy"
    message = N_("The server is busy. Try again in a few seconds.")
    retry_after_s = 5


class Unavailable(FractureError):
    """A part that is needed does not answer."""

    code = "unavailable"
    message = N_("The server cannot do this just now.")


class RecordForged(Unavailable):
    """A row that decides access does not carry the MAC of SECRET_KEY; it is refused."""

    code = "record-forged"
    message = N_("This account cannot be used. Ask your administrator.")


class StoredDataDamaged(Unavailable):
    """Stored ciphertext does not open with any master key; why is not said."""

    code = "stored-data-damaged"
    message = N_("This record cannot be opened. Ask your administrator.")
