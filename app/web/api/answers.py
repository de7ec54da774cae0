"""The objects that `/api/v1` answers with, and how each is made from the application's records."""

import base64
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field

from app import records
from app.security import PublicUploadKey
from app.usecases.studies.create import Submission as CreatedStudy
from app.usecases.studies.repeat import Rejected as RejectedFile
from app.usecases.studies.show import StudyPage as ShownStudies
from app.usecases.triage import study_verdict
from app.web.api.fields import Answer, Box, Count, Milliseconds, Share, Time


class ErrorDetail(Answer):
    """The reason for a refusal."""

    code: Annotated[str, Field(description="Stable: programs may rely on it.", examples=["damaged-image"])]
    message: Annotated[
        str, Field(examples=["This file is damaged or incomplete. Export it again and send the new file."])
    ]
    request_id: Annotated[str, Field(description="Stands in the server's log.", examples=["3f0c9a17d2b84e65"])]


class Error(Answer):
    """A refusal, with a stable code and one sentence."""

    error: ErrorDetail


class EncryptionKey(Answer):
    """The key to seal an upload for, and the HPKE suite that goes with it."""

    kid: Annotated[str, Field(examples=["20261123-5f0e7c21"])]
    kem: Annotated[str, Field(examples=["P-256"])]
    kdf: Annotated[str, Field(examples=["HKDF-SHA256"])]
    aead: Annotated[str, Field(examples=["AES-256-GCM"])]
    public_key: Annotated[str, Field(description="The uncompressed point, as base64url without padding.")]
    info: Annotated[str, Field(description="The HPKE info of a file that this person seals, as base64url.")]

    @classmethod
    def of(cls, key: PublicUploadKey) -> Self:
        """Describe a key of this server."""
        point, info = (base64.urlsafe_b64encode(one).rstrip(b"=").decode("ascii") for one in (key.public_key, key.info))
        return cls(kid=key.kid, kem="P-256", kdf="HKDF-SHA256", aead="AES-256-GCM", public_key=point, info=info)


class Model(Answer):
    """The weights that made an assessment."""

    name: Annotated[str, Field(examples=["fracture-yolov8l"])]
    version: Annotated[str, Field(examples=["0.3.0"])]
    sha256: Annotated[str, Field(description="SHA-256 of the weights file.")]

    @classmethod
    def of(cls, model: records.ModelVersion) -> Self:
        """Name the weights of an assessment."""
        return cls(name=model.name, version=model.version, sha256=model.sha256)


class Finding(Answer):
    """A site that the software marked."""

    region: Annotated[str, Field(examples=["wrist"])]
    confidence: Annotated[Share, Field(description="Calibrated probability.", examples=[0.91])]
    tier: records.Tier
    box_px: Box

    @classmethod
    def of(cls, finding: records.Finding) -> Self:
        """Describe one finding."""
        return cls(region=finding.region, confidence=finding.confidence, tier=finding.tier, box_px=finding.box_px)


class Timing(Answer):
    """Milliseconds that each step took on the server."""

    open: Milliseconds
    decode: Milliseconds
    detect: Milliseconds
    total: Milliseconds


class Overruled(Answer):
    """A clinician had the image assessed that the software would not judge."""

    person_id: str
    person_name: str
    at: Time

    @classmethod
    def of(cls, overruled: records.Overruled) -> Self:
        """Describe who and when."""
        return cls(person_id=overruled.person_id, person_name=overruled.person_name, at=overruled.at)


class Image(Answer):
    """One view of a study with its assessment."""

    id: str
    name: Annotated[str, Field(description="The file's name, as it was sent.", examples=["wrist.dcm"])]
    created_at: Time
    width: Count
    height: Count
    verdict: records.Verdict
    reason: Annotated[
        records.Reason | None,
        Field(description="Why the image is not assessed, or was not before a clinician overruled that."),
    ]
    overruled: Overruled | None
    score: Share
    findings: list[Finding]
    other_findings: Annotated[
        list[Finding], Field(description="Findings that are no fracture, such as metal; no part of the verdict.")
    ]
    timing_ms: Timing
    model: Model
    warnings: list[str]

    @classmethod
    def of(cls, image: records.StudyImage) -> Self:
        """Describe one view."""
        assessment = image.assessment
        return cls(
            id=image.id,
            name=image.name,
            created_at=image.created_at,
            width=assessment.width,
            height=assessment.height,
            verdict=assessment.verdict,
            reason=assessment.reason,
            overruled=Overruled.of(assessment.overruled) if assessment.overruled else None,
            score=assessment.score,
            findings=[Finding.of(finding) for finding in assessment.findings],
            other_findings=[Finding.of(finding) for finding in assessment.other_findings],
            timing_ms=Timing(**vars(assessment.timing_ms)),
            model=Model.of(assessment.model),
            warnings=list(assessment.warnings),
        )


class Patient(Answer):
    """Whom a study belongs to; null where it is not known."""

    name: Annotated[
        str | None, Field(description="Parts divided by ^ as in DICOM: family, given.", examples=["Doe^Jane"])
    ]
    id: Annotated[str | None, Field(description="The patient's number.", examples=["4711"])]
    birth_date: Annotated[str | None, Field(examples=["1980-12-31"])]
    sex: Annotated[str | None, Field(description="M, F or O.", examples=["F"])]

    @classmethod
    def of(cls, patient: records.Patient) -> Self:
        """Describe a patient."""
        return cls(name=patient.name or None, id=patient.id, birth_date=patient.birth_date, sex=patient.sex)


class Examination(Answer):
    """Examination as the DICOM header describes it; null where it does not."""

    accession_number: str | None
    study_uid: str | None
    study_date: str | None
    body_part: Annotated[str | None, Field(examples=["WRIST"])]
    laterality: Annotated[str | None, Field(description="L, R or B.", examples=["L"])]

    @classmethod
    def of(cls, examination: records.Examination) -> Self:
        """Describe an examination."""
        return cls(**{name: value or None for name, value in vars(examination).items()})


class Decision(Answer):
    """The outcome that people gave a study."""

    outcome: records.Outcome
    readers: Annotated[list[str], Field(description="Names of the readers whose answers it comes from.")]
    at: Time
    closed_by: Annotated[str | None, Field(description="Who closed a disagreement.")]
    comment: str

    @classmethod
    def of(cls, decision: records.Decision) -> Self:
        """Describe a decision."""
        return cls(**{**vars(decision), "readers": list(decision.readers)})


class Study(Answer):
    """The views that were taken together; `model` is the one that assessed the newest view."""

    id: Annotated[str, Field(examples=["9f0c6f6b2a0d4f0e8b7a1c2d3e4f5a6b"])]
    created_at: Time
    model: Model | None
    patient: Patient | None
    examination: Examination | None
    label: Annotated[str, Field(description="A clinician's own words for the study.")]
    verdict: Annotated[records.Verdict, Field(description="The software's: the worst of the images.")]
    outcome: Annotated[
        records.Outcome | None, Field(description="The readers': null while an image is undecided, never computed.")
    ]
    decision: Decision | None
    images: list[Image]

    @classmethod
    def fields_of(cls, study: records.Study) -> dict[str, object]:
        """Every field of a study but those that a subclass adds."""
        return {
            "id": study.id,
            "created_at": study.created_at,
            "model": Model.of(study.images[-1].assessment.model) if study.images else None,
            "patient": Patient.of(study.patient) if study.patient else None,
            "examination": Examination.of(study.examination) if study.examination != records.Examination() else None,
            "label": study.label,
            "verdict": study_verdict(study),
            "outcome": study.decision.outcome if study.decision else None,
            "decision": Decision.of(study.decision) if study.decision else None,
            "images": [Image.of(image) for image in study.images],
        }

    @classmethod
    def of(cls, study: records.Study) -> Self:
        """Describe a study."""
        return cls.model_validate(cls.fields_of(study))


class Rejected(Answer):
    """A file that was refused while others were kept."""

    index: Annotated[Count, Field(description="Its position in the request, from 0.")]
    name: str
    code: Annotated[str, Field(examples=["damaged-image"])]
    message: str

    @classmethod
    def of(cls, one: RejectedFile) -> Self:
        """Name one refused file and the reason."""
        return cls(index=one.index, name=one.name, code=one.why.code, message=str(one.why))


class Submission(Study):
    """A study, and the files of the request that were refused."""

    rejected: list[Rejected]

    @classmethod
    def of_files(cls, submission: CreatedStudy) -> Self:
        """Describe what became of the files sent."""
        rejected = [Rejected.of(one) for one in submission.rejected]
        return cls.model_validate({**cls.fields_of(submission.study), "rejected": rejected})


class StudyPage(Answer):
    """Some studies, newest first."""

    studies: list[Study]
    next: Annotated[str | None, Field(description="Give it as `after` to get the studies that follow.")]
    damaged: Annotated[list[str], Field(description="Ids of studies that do not open with any master key.")]

    @classmethod
    def of(cls, page: ShownStudies) -> Self:
        """Describe one page of the list."""
        return cls(studies=[Study.of(study) for study in page.studies], next=page.next, damaged=list(page.damaged))


class Mark(Answer):
    """A reader's answer about one site."""

    region: Annotated[str, Field(examples=["wrist"])]
    box_px: Box
    answer: Annotated[
        Literal["confirmed", "rejected", "missed"],
        Field(
            description="confirmed and rejected name a finding by its region and box, missed is a fracture beside them."
        ),
    ]

    @classmethod
    def of(cls, mark: records.Mark) -> Self:
        """Describe one mark."""
        return cls(region=mark.region, box_px=mark.box_px, answer=mark.answer)


class Reader(Answer):
    """A person; `name` is null when the account no longer exists."""

    id: str
    name: Annotated[str | None, Field(examples=["Ada"])]


class Feedback(Answer):
    """One reader's answer about an image."""

    id: str
    image_id: str
    reader: Reader
    created_at: Time
    findings: list[Mark]
    normal: Annotated[bool, Field(description="The whole image shows no fracture.")]
    comment: str

    @classmethod
    def of(cls, feedback: records.Feedback) -> Self:
        """Describe one answer."""
        return cls(
            id=feedback.id,
            image_id=feedback.image_id,
            reader=Reader(id=feedback.person_id, name=feedback.person_name),
            created_at=feedback.created_at,
            findings=[Mark.of(mark) for mark in feedback.marks],
            normal=feedback.normal,
            comment=feedback.comment,
        )


class FeedbackList(Answer):
    """Every answer about an image, newest first."""

    feedback: list[Feedback]

    @classmethod
    def of(cls, feedback: Iterable[records.Feedback]) -> Self:
        """Describe all answers about an image."""
        return cls(feedback=[Feedback.of(one) for one in feedback])
