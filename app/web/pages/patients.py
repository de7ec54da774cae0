"""Whom a study belongs to, and what its readers decided: forms of the study's page."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.records import Patient
from app.usecases.decision import ViewOutcome
from app.usecases.feedback.outcome import close_disagreement
from app.usecases.patients.edit import Changes, edit_study
from app.web.http.context import person, services

blueprint = Blueprint("patients", __name__, url_prefix="/studies/<study_id>")


@blueprint.post("/patient")
def change(study_id: str) -> ResponseReturnValue:
    """Store the patient and the label that a clinician typed."""
    form = request.form
    name = "^".join(form.get(part, "").replace("^", " ").strip() for part in ("family", "given")).rstrip("^")
    patient = Patient(name, form.get("number"), form.get("birth_date"), form.get("sex"))
    edit_study(services(), person(), study_id, Changes(patient, form.get("label", "")))
    return _back(study_id)


@blueprint.post("/outcome")
def close(study_id: str) -> ResponseReturnValue:
    """Close a disagreement of the readers in the name of who is signed in."""
    outcome: ViewOutcome = "fracture" if request.form.get("outcome") == "fracture" else "none"
    close_disagreement(services(), person(), study_id, outcome, request.form.get("comment", ""))
    return _back(study_id)


def _back(study_id: str) -> ResponseReturnValue:
    return redirect(url_for("pages.study", study_id=study_id, _anchor="patient"), code=303)
