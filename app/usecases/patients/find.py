"""Find studies by patient or accession number, and the other studies of a study's patient."""

from contextlib import suppress

from app.errors import StoredDataDamaged
from app.records import Person, Study
from app.services import RecordServices
from app.usecases.patients.terms import accession_term, patient_terms, same_patient_term
from app.usecases.sealed_records import open_study
from app.usecases.triage import Filters, query_of

MOST_OTHERS = 20


def terms_of(services: RecordServices, person: Person, *, patient: str = "", accession: str = "") -> tuple[bytes, ...]:
    """The index terms that a search asks for: `Filters.terms`; they stand for the words where those must not be seen.

    patient: a number, or beginnings of parts of a name. accession: a whole number.
    """
    terms = patient_terms(services.blind_index, person.tenant, patient)
    if accession:
        terms += (accession_term(services.blind_index, person.tenant, accession),)
    return terms


def search(services: RecordServices, person: Person, text: str) -> tuple[bytes, ...]:
    """The terms under which a typed text finds a study: of a patient, else of an accession number; else ()."""
    for terms in (
        terms_of(services, person, patient=text),
        terms_of(services, person, accession=text.strip()),
    ):
        query = query_of(services, person.tenant, Filters(terms=terms, newest_first=True))
        if terms and services.store.worklist.page(person.tenant, query, 1).entries:
            return terms
    return ()


def other_studies(services: RecordServices, person: Person, study: Study) -> tuple[Study, ...]:
    """The other studies of the same patient, newest first, at most 20; none where the patient is not known.

    One that does not open is left out.
    """
    if study.patient is None:
        return ()
    term = same_patient_term(services.blind_index, person.tenant, study.patient)
    query = query_of(services, person.tenant, Filters(terms=(term,), newest_first=True))
    page = services.store.worklist.page(person.tenant, query, MOST_OTHERS + 1)
    others = [entry.study for entry in page.entries if entry.study.id != study.id][:MOST_OTHERS]
    found = []
    for row in others:
        with suppress(StoredDataDamaged):
            found.append(open_study(services, row))
    return tuple(found)
