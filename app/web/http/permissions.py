"""The permission that each route needs, for docs/security.md and the guard; a test compares it with the routes."""

from app.usecases.administration.roles import Permission

# Reached without signing in.
OPEN_ENDPOINTS = frozenset(
    {
        "static",
        "api.openapi",
        "api_docs.show",
        "language.choose",
        "operations.healthz",
        "operations.metrics_text",
        "operations.readyz",
        "sign_in.by_link",
        "sign_in.form",
        "sign_in.link_form",
        "sign_in.sign_in",
        "sign_in.sign_out",
    }
)

# Reached by everybody who is signed in.
SIGNED_IN_ENDPOINTS = frozenset(
    {
        "account.change_password",
        "account.end_other_sessions",
        "account.end_session",
        "account.revoke_token",
        "account.show",
        "first.show_help",
    }
)

PERMISSION_OF_ENDPOINT: dict[str, Permission] = {
    "api.add_feedback": "answer",
    "api.add_images": "upload",
    "api.annotated_png": "view",
    "api.assess_anyway": "edit",
    "api.change_study": "edit",
    "api.close_disagreement": "answer",
    "api.create_study": "upload",
    "api.delete_study": "delete",
    "api.encryption_key": "upload",
    "api.interchange.fhir_json": "view",
    "api.interchange.gsps_dcm": "view",
    "api.interchange.hl7": "view",
    "api.interchange.sc_dcm": "view",
    "api.interchange.sr_dcm": "view",
    "api.list_feedback": "view",
    "api.list_studies": "view",
    "api.list_windows": "view",
    "api.list_work": "view",
    "api.list_reports": "view",
    "api.mark_read": "answer",
    "api.mark_unread": "answer",
    "api.original_png": "view",
    "api.read_study": "view",
    "api.report_pdf": "view",
    "api.sign_report": "answer",
    "api.signed_pdf": "view",
    "api.why_png": "view",
    "api.preview_webp": "view",
    "api.window_png": "view",
    "bin.list_bin": "delete",
    "bin.restore": "delete",
    "bin.undo": "delete",
    "first.sample": "upload",
    "pages.add_feedback": "answer",
    "pages.add_images": "upload",
    "pages.agreement": "administer",
    "pages.agreement_csv": "administer",
    "pages.assess_anyway": "edit",
    "pages.create_study": "upload",
    "pages.delete_study": "delete",
    "pages.report": "view",
    "pages.study": "view",
    "pages.upload": "upload",
    "patients.change": "edit",
    "patients.close": "answer",
    "reports.sign": "answer",
    "reports.signed": "view",
    "selected.delete": "delete",
    "selected.mark_read": "answer",
    "selected.mark_unread": "answer",
    "selected.report": "view",
    "why.why": "view",
    "worklist.changes": "view",
    "worklist.list_studies": "view",
    "worklist.next_study": "view",
    "worklist.read": "answer",
    "worklist.search": "view",
    "worklist.unread": "answer",
}
