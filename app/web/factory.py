"""Application factory: one Flask application from settings and services."""

from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_wtf.csrf import CSRFProtect  # type: ignore[import-untyped]
from werkzeug.middleware.proxy_fix import ProxyFix

from app.config import Settings
from app.detection import reference_of
from app.records import DISCLAIMER
from app.reports.uids import study_uid_of
from app.security import SecretKeys
from app.services import Services, build_services
from app.usecases.administration.health import check_keys
from app.usecases.administration.readiness import Readiness
from app.usecases.administration.sign_in import idle_time
from app.usecases.administration.tenants import may_found
from app.usecases.dicomweb.archive import Archive
from app.usecases.feedback.rules import LONGEST_OTHER, OTHER, OTHER_REGIONS
from app.usecases.studies.sample import truth_of
from app.usecases.studies.window import PREVIEW_LONG_SIDE_PX
from app.web.api import docs
from app.web.api import routes as api
from app.web.http import admission, cors, guard, headers, identity_provider, operations, static_files, tracing
from app.web.http.context import may
from app.web.http.errors import answer_errors
from app.web.http.metrics import Metrics, State
from app.web.http.requests.query import way_back
from app.web.http.requests.uploads import UploadRequest, body_limit
from app.web.i18n import language, wording
from app.web.i18n.failures import words_by_code
from app.web.pages import archive as archive_page
from app.web.pages import bin, explanation, help, patients, reports, selection, sign_in, studies, worklist
from app.web.pages import language as language_page
from app.web.pages.account import account, passkeys, second_factor, single_sign_on
from app.web.pages.administration import audit, deliveries, people, retention, tenants
from app.web.pages.feedback import feedback_words

ROOT = Path(__file__).resolve().parents[2]
# Also bounds what the parser holds at once, which is one chunk of 64 KiB and the rest of the one before.
LARGEST_FORM_FIELD_BYTES = 256 * 1024


class OrderedJson(DefaultJSONProvider):
    """JSON with its keys in the order of the contract."""

    sort_keys = False


def create_app(settings: Settings, services: Services | None = None, archive: Archive | None = None) -> Flask:
    """Build the application; without `services` the real ones are built, which loads the weights.

    archive: the archive that people search and take studies from, None without one.

    Raises:
        ConfigError, ModelError: from `build_services`, or the keys are not those of the database. The application does
            not start.
    """
    app = Flask("app", root_path=str(ROOT / "app"), template_folder=ROOT / "templates", static_folder=None)
    static_files.install(app, ROOT / "static")
    app.request_class = UploadRequest
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.config.from_mapping(_flask_config(settings))
    app.json = OrderedJson(app)
    services = services or build_services(settings)
    check_keys(services)
    app.extensions["services"] = services
    app.extensions["archive"] = archive
    app.extensions["limits"] = settings.limits
    state = State(services.detector, services.store.received.pending_count)
    app.extensions["metrics"] = Metrics(reference_of(services.detector.spec, settings.site_prevalence), state)
    app.extensions["readiness"] = Readiness(services)
    app.extensions["csrf"] = CSRFProtect(app)
    app.jinja_env.globals.update(DISCLAIMER=DISCLAIMER, limits=settings.limits, regions=services.detector.spec.regions)
    app.jinja_env.globals.update(failure_words_by_code=words_by_code, way_back=way_back, may=may)
    app.jinja_env.globals.update(PREVIEW_LONG_SIDE=PREVIEW_LONG_SIDE_PX, longest_other=LONGEST_OTHER)
    archive_tenant = settings.dicomweb.tenant if archive else None
    app.jinja_env.globals.update(viewer_url=settings.dicomweb.viewer_url, archive_tenant=archive_tenant)
    app.jinja_env.globals.update(other_regions=(*OTHER_REGIONS, OTHER))
    app.jinja_env.globals.update(may_found=may_found, idle_seconds=lambda: int(idle_time(services).total_seconds()))
    app.jinja_env.filters.update(
        wording.FILTERS, feedback_words=feedback_words, truth_of=truth_of, study_uid=study_uid_of
    )

    if count := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]

    language.install(app, settings.time_zone)
    headers.install(app, settings)
    tracing.install(app, settings.traces_url)
    cors.install(app, settings.cors_origins)
    guard.install(app, settings.trusted_hosts)
    identity_provider.install(app, settings.single_sign_on)
    answer_errors(app)
    pages = (studies, bin, patients, archive_page, reports, worklist, selection, explanation, help, language_page)
    own = (sign_in, account, second_factor, passkeys, single_sign_on)
    administration = (people, tenants, retention, deliveries, audit)
    for part in (*pages, *own, *administration, api, docs, operations):
        app.register_blueprint(part.blueprint)
    admission.install(app, settings.limits, settings.detector_queue)
    return app


def command_carrier() -> Flask:
    """An application without pages, weights or database: what `flask` needs to carry the administration commands."""
    return Flask("app", root_path=str(ROOT / "app"), static_folder=None)


def _flask_config(settings: Settings) -> dict[str, object]:
    secure = settings.secure_cookies
    newest, *older = SecretKeys.parse(settings.secret_key).derive(b"session-cookie/v1")
    return {
        "SECRET_KEY": newest,
        "SECRET_KEY_FALLBACKS": older,
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "PERMANENT_SESSION_LIFETIME": timedelta(minutes=settings.session_minutes),
        "MAX_CONTENT_LENGTH": body_limit("multipart/form-data", settings.limits),
        "MAX_FORM_MEMORY_SIZE": LARGEST_FORM_FIELD_BYTES,
        "MAX_FORM_PARTS": settings.limits.files + 20,
        # The guard asks for the token itself, after it knows who is asking; a bearer request needs none.
        "WTF_CSRF_CHECK_DEFAULT": False,
        # As long as the session, which ends on its own.
        "WTF_CSRF_TIME_LIMIT": None,
        # Pages send no Referer at all (Referrer-Policy), so it cannot be asked for.
        "WTF_CSRF_SSL_STRICT": False,
    }
