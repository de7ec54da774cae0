"""Failures in the exchange with other systems: archives, modalities, viewers."""

from app.errors import Conflict, FractureError, NotFound, Unavailable
from app.translatable import N_


class DuplicateInstance(Conflict):
    """A DICOM object of the same SOP Instance UID is stored, and its content is another one."""

    code = "duplicate-instance"
    message = N_("An image with the same UID and other content is stored already.")


class OwnResult(Conflict):
    """A DICOM object that this software made of an image comes back as if it were one."""

    code = "own-result"
    message = N_("This object is a result of this software, not a radiograph.")


class NoSourceObject(Conflict):
    """The result refers to a DICOM image, and this image is none, or has no UIDs or no grey pixels."""

    code = "no-source-object"
    message = N_("A presentation state refers to a grey DICOM image with its UIDs. This image did not come as one.")


class NothingToTake(NotFound):
    """A study of an archive that is not there, or has no image of a kind that is taken."""

    code = "nothing-to-take"
    message = N_("The archive holds no X-ray image of this study.")


class NotAcceptable(FractureError):
    """The client takes no form that the answer exists in."""

    code = "not-acceptable"
    message = N_("This object is stored in a transfer syntax that the request does not accept.")


class PeerUnavailable(FractureError):
    """Another system does not answer, or refuses what it is sent."""

    code = "peer-unavailable"
    message = "The other system does not answer, or refused what it was sent."


class ArchiveUnavailable(Unavailable):
    """The archive that DICOMWEB_URL names does not answer, or refuses what it is asked."""

    code = "archive-unavailable"
    message = N_("The archive does not answer, or refused the request. Try again, or ask your administrator.")
