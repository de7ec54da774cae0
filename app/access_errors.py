"""Failures of signing in with more than a password; `app.errors` has the families that they belong to."""

from app.errors import BadRequest, Forbidden, NotSignedIn
from app.translatable import N_


class SecondFactorNeeded(NotSignedIn):
    """The password or link was right, and the code of the second factor is missing."""

    code = "second-factor-needed"
    message = N_("Enter the code of your authenticator to continue.")


class SecondFactorDemanded(Forbidden):
    """A second factor is demanded of this person, who has none yet."""

    code = "second-factor-demanded"
    message = N_("Set up a second factor before you continue.")


class CodeRefused(BadRequest):
    """A code of a second factor that is wrong, was used or has expired; which, is not said."""

    code = "code-refused"
    message = N_("This code is wrong, was used before or has expired. Wait for the next one.")


class PasskeyRefused(BadRequest):
    """A passkey that is unknown, of another site, or whose signature does not fit; which, is not said."""

    code = "passkey-refused"
    message = N_("This passkey could not be verified. Try again, or sign in another way.")


class SingleSignOnRefused(Forbidden):
    """The identity provider refused, or answered with somebody who may not come in."""

    code = "single-sign-on-refused"
    message = N_("Single sign-on did not let you in. Ask your administrator.")
