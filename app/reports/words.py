"""Wording of verdicts, tiers and regions: the same on a page and in a report."""

from app.records import (
    Answer,
    Assessment,
    Decision,
    Feedback,
    Finding,
    Outcome,
    Patient,
    Reason,
    Tier,
    Verdict,
)
from app.reports.wording import Wording
from app.translatable import N_

VERDICT_WORDS: dict[Verdict, tuple[str, str]] = {
    "fracture": (N_("Fracture likely"), N_("At least one place looks like a fracture. Check it first.")),
    "possible": (N_("Fracture possible"), N_("At least one place may be a fracture. Look closely.")),
    "pending": (N_("Not assessed yet"), N_("The software has not assessed this image yet. Come back in a moment.")),
    "not-assessed": (N_("Not assessed"), N_("The software did not judge this image. A clinician must.")),
    "none": (N_("No fracture found"), N_("The software marked nothing. This does not rule a fracture out.")),
}
OUTCOME_WORDS: dict[Outcome, str] = {
    "fracture": N_("Fracture (decided)"),
    "none": N_("No fracture (decided)"),
    "disputed": N_("Readers differ"),
}
SEX_WORDS = {"F": N_("female"), "M": N_("male"), "O": N_("other sex")}
SIDE_WORDS = {"L": N_("left"), "R": N_("right"), "B": N_("both sides")}
REASON_WORDS: dict[Reason, str] = {
    "out-of-scope": N_("It is no X-ray of a limb, or of a body part that the software does not know."),
    "too-small": N_("Its shorter side has fewer than 96 pixels. Send the original image."),
    "no-content": N_("It shows nearly one grey. Check exposure and window, and send it again."),
    "no-structure": N_("It shows noise or a gradient, and no anatomy. Check the file."),
    "photograph": N_("It has colours that no radiograph has. Send the original file, not a photograph."),
    "unreadable": N_("The file cannot be decoded. Send it again."),
    "text": N_("It looks like text or a screenshot. Send the radiograph itself."),
}
TIER_WORDS: dict[Tier, str] = {"definite": N_("definite"), "possible": N_("possible")}
ANSWER_WORDS: dict[Answer, str] = {
    "confirmed": N_("Confirmed: %(regions)s."),
    "rejected": N_("Rejected: %(regions)s."),
    "missed": N_("Missed: %(regions)s."),
}
REGION_WORDS = {
    "elbow": N_("elbow"),
    "fingers": N_("fingers"),
    "forearm": N_("forearm"),
    "hip": N_("hip"),
    "humerus": N_("humerus"),
    "leg": N_("leg"),
    "shoulder": N_("shoulder"),
    "wrist": N_("wrist"),
    "ankle": N_("ankle"),
    "clavicle": N_("clavicle"),
    "foot": N_("foot"),
    "knee": N_("knee"),
    "metacarpus": N_("metacarpus"),
    "pelvis": N_("pelvis"),
    "ribs": N_("ribs"),
    "skull": N_("skull"),
    "spine": N_("spine"),
    "other": N_("other region"),
}
WARNING_WORDS = {
    "drawn-sample": N_("A sample that this software drew itself. It is nobody's X-ray."),
    "main-image-only": N_("The file holds smaller or dependent images as well; only the main image is assessed."),
    "window-not-used": N_("The window stored in the file does not show this image; another one is used."),
    "overlay-not-shown": N_("The file has overlay graphics, which are neither shown nor assessed."),
    "proportions-restored": N_("The pixels of the file are not square; the image is shown in its true proportions."),
    "provisional": N_(
        "Provisional: this model was never calibrated. Its confidences are no probabilities, and its verdicts are "
        "not to be relied on."
    ),
    "different-patient": N_("The header of this image names another patient than the study."),
    "not-a-radiograph": N_("This image does not look like a radiograph. The reading may mean nothing."),
}


def verdict_title(verdict: Verdict, wording: Wording) -> str:
    """The verdict in two or three words."""
    return wording.gettext(VERDICT_WORDS[verdict][0])


def verdict_advice(verdict: Verdict, wording: Wording) -> str:
    """Advice that goes with a verdict."""
    return wording.gettext(VERDICT_WORDS[verdict][1])


def decision_text(decision: Decision | None) -> str:
    """The readers' outcome in one English sentence, for objects and messages; "" while there is none."""
    if decision is None:
        return ""
    outcome = {"fracture": "fracture", "none": "no fracture", "disputed": "readers differ"}[decision.outcome]
    return f"Readers ({', '.join(decision.readers)}): {outcome}."


def outcome_title(outcome: Outcome, wording: Wording) -> str:
    """The readers' decision in two or three words."""
    return wording.gettext(OUTCOME_WORDS[outcome])


def sex_words(code: str, wording: Wording) -> str:
    """A patient's sex in words; "" for an unknown code."""
    return wording.gettext(SEX_WORDS[code]) if code in SEX_WORDS else ""


def side_words(code: str, wording: Wording) -> str:
    """The side of an examination in words; "" for an unknown code."""
    return wording.gettext(SIDE_WORDS[code]) if code in SIDE_WORDS else ""


def patient_name(patient: Patient) -> str:
    """A name of DICOM's type PN as people write it: "Doe, Jane Marie"."""
    family, _, given = patient.name.partition("=")[0].partition("^")
    return ", ".join(part for part in (family.strip(), " ".join(given.replace("^", " ").split())) if part)


def reason_words(reason: Reason, wording: Wording) -> str:
    """Why an image is not assessed and what to do, in one or two sentences."""
    return wording.gettext(REASON_WORDS[reason])


def scope_words(assessment: Assessment, wording: Wording) -> str:
    """Why an image is not assessed, or who overruled that; "" for every other image."""
    if assessment.reason is None:
        return ""
    why = reason_words(assessment.reason, wording)
    if assessment.overruled is None:
        return why
    by = wording.gettext(
        "Assessed anyway: %(name)s, %(time)s. The software had not judged this image:",
        name=assessment.overruled.person_name,
        time=wording.time(assessment.overruled.at),
    )
    return f"{by} {why}"


def region_name(region: str, wording: Wording) -> str:
    """A region's code in words, "other: NAME" by its name; a code that no catalogue knows stays as it is."""
    region = region.removeprefix("other: ")
    return wording.gettext(REGION_WORDS.get(region, region))


def tier_name(tier: Tier, wording: Wording) -> str:
    """How sure the software is of a finding, in one word."""
    return wording.gettext(TIER_WORDS[tier])


def label_text(finding: Finding, wording: Wording) -> str:
    """Such as "wrist 87%"."""
    return f"{region_name(finding.region, wording)} {share_words(finding.confidence, wording)}"


def answer_words(feedback: Feedback, wording: Wording) -> str:
    """Feedback on an image in one line: "Confirmed: wrist. Missed: elbow."; "" for a comment alone."""
    said = [wording.gettext("The whole image is normal.")] if feedback.normal else []
    for answer, words in ANSWER_WORDS.items():
        regions = ", ".join(region_name(mark.region, wording) for mark in feedback.marks if mark.answer == answer)
        if regions:
            said.append(wording.gettext(words, regions=regions))
    return " ".join(said)


def warning_words(code: str, wording: Wording) -> str:
    """One sentence for a warning's code."""
    if code in WARNING_WORDS:
        return wording.gettext(WARNING_WORDS[code])
    return wording.gettext("Note from reading the file: %(note)s.", note=code.replace("-", " "))


def share_words(share: float, wording: Wording) -> str:
    """0–1 as whole percent; never 100 %, which no reading deserves."""
    return wording.percent(min(0.99, share))
