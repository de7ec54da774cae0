"""Triage: which study is to be looked at first, and the labels by which the worklist finds it without reading it.

A study shows a facet for itself, for each region that the software marked, each person who has read it, each pair of
these, the name of each of its files, its patient (app.usecases.patients.terms) and its outcome; so any region together
with any reader is one range of the index. Its bucket says whether it is read, its worst verdict and its highest score
in steps of 5 %; its broad bucket knows no step.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from typing import Literal

from app.errors import StoredDataDamaged
from app.records import WORST_FIRST, Outcome, State, Study, Verdict
from app.reports.uids import study_uid_of
from app.services import RecordServices
from app.storage import Labeller, Labels, ListedRow, WorklistQuery
from app.usecases.patients.terms import study_terms, study_uid_term
from app.usecases.sealed_records import open_study

STATES: tuple[State, ...] = ("unread", "read")
SCORE_STEPS = 20
Within = Literal["score", "name", "number"]


@dataclass(frozen=True)
class Filters:
    """Filters of the worklist; None and False leave a property open.

    since, until: days in the time zone of the settings on which a study may have come, both included.
    reader: id of a person who has read it. named: the label of a file's name, from `name_label`.
    terms: labels of a patient or accession number, from `app.usecases.patients.terms`. outcome: of its readers.
    within: how the studies of one page are sorted: the database cannot read names, numbers and scores.
    """

    since: date | None = None
    until: date | None = None
    verdict: Verdict | None = None
    region: str | None = None
    reader: str | None = None
    state: State | None = None
    named: bytes | None = None
    newest_first: bool = False
    terms: tuple[bytes, ...] = ()
    outcome: Outcome | None = None
    within: Within = "score"


def study_verdict(study: Study) -> Verdict:
    """The worst verdict of a study's views, by `WORST_FIRST`; "none" without views."""
    verdicts = {image.assessment.verdict for image in study.images}
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), "none")


def study_score(study: Study) -> float:
    """The highest score of a study's views, 0–1."""
    return max((image.assessment.score for image in study.images), default=0.0)


def score_step(score: float) -> int:
    """The step of 5 % that a score lies in, from 0."""
    return min(int(score * SCORE_STEPS), SCORE_STEPS - 1)


def labeller(services: RecordServices, tenant: str) -> Labeller:
    """The function that labels studies of a tenant for the store; one that does not open is labelled as damaged."""

    def label(row: ListedRow) -> Labels:
        try:
            return _labels(services, row, open_study(services, row.study))
        except StoredDataDamaged:
            damaged = services.blind_index.label(tenant, "damaged")
            return Labels(services.blind_index.fingerprint, (damaged,), damaged, damaged)

    return label


def query_of(services: RecordServices, tenant: str, filters: Filters) -> WorklistQuery:
    """The query of the store for these filters; its buckets stand in the order of triage."""
    states = (filters.state,) if filters.state else STATES
    verdicts = (filters.verdict,) if filters.verdict else WORST_FIRST
    steps = [""] if filters.newest_first else [str(step) for step in reversed(range(SCORE_STEPS))]
    shown = _facet(services, tenant, filters.region or "", filters.reader or "")
    # What few studies show comes first: the store walks along the first facet.
    facets = [*filters.terms, *([filters.named] if filters.named else [])]
    facets += [_outcome(services, tenant, filters.outcome)] if filters.outcome else []
    facets += [] if facets and not (filters.region or filters.reader) else [shown]
    return WorklistQuery(
        facet=facets[0],
        buckets=tuple(_bucket(services, tenant, *terms) for terms in product(states, verdicts, steps)),
        newest_first=filters.newest_first,
        since=_midnight(services, filters.since) if filters.since else None,
        until=_midnight(services, filters.until + timedelta(days=1)) if filters.until else None,
        also=tuple(facets[1:]),
    )


def damaged_query(services: RecordServices, tenant: str) -> WorklistQuery:
    """Asks for the studies that did not open when they were indexed."""
    damaged = services.blind_index.label(tenant, "damaged")
    return WorklistQuery(facet=damaged, buckets=(damaged,))


def name_label(services: RecordServices, tenant: str, name: str) -> bytes:
    """The facet of studies with a file of this name; capitals and the spaces around it do not matter."""
    return services.blind_index.label(tenant, "name", unicodedata.normalize("NFKC", name).casefold().strip())


def _labels(services: RecordServices, row: ListedRow, study: Study) -> Labels:
    tenant = study.tenant
    regions = {finding.region for image in study.images for finding in image.assessment.findings}
    readers = {mark.person for mark in row.marks}
    facets = [_facet(services, tenant, *pair) for pair in product(_any_of(regions), _any_of(readers))]
    facets += [name_label(services, tenant, image.name) for image in study.images]
    facets.append(study_uid_term(services.blind_index, tenant, study_uid_of(study)))
    facets += study_terms(services.blind_index, tenant, study.patient, study.examination)
    facets += [_outcome(services, tenant, study.decision.outcome)] if study.decision else []
    state, verdict = STATES[row.is_read], study_verdict(study)
    return Labels(
        fingerprint=services.blind_index.fingerprint,
        facets=tuple(facets),
        bucket=_bucket(services, tenant, state, verdict, str(score_step(study_score(study)))),
        broad_bucket=_bucket(services, tenant, state, verdict, ""),
    )


def _any_of(names: Iterable[str]) -> list[str]:
    return ["", *sorted(names)]


def _facet(services: RecordServices, tenant: str, region: str, reader: str) -> bytes:
    return services.blind_index.label(tenant, "facet", region, reader)


def _outcome(services: RecordServices, tenant: str, outcome: Outcome) -> bytes:
    return services.blind_index.label(tenant, "outcome", outcome)


def _bucket(services: RecordServices, tenant: str, state: str, verdict: str, step: str) -> bytes:
    return services.blind_index.label(tenant, "bucket", state, verdict, step)


def _midnight(services: RecordServices, day: date) -> datetime:
    return datetime.combine(day, time(), services.settings.time_zone)
