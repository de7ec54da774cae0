"""Entry point: `gunicorn wsgi:app`, `flask --app wsgi …`."""

import os

from app.commands import register_commands
from app.config import Settings
from app.web import create_app

app = create_app(Settings.from_env(os.environ))
register_commands(app)
