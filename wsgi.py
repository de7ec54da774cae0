"""Entry point: `gunicorn wsgi:app`, and `flask --app wsgi …` for administration."""

import os
import sys

from app.commands import is_administration, register_commands
from app.config import Settings
from app.errors import FractureError
from app.hospital import commands as hospital_commands
from app.hospital.archive_client import archive_of
from app.hospital.delivery import senders
from app.hospital.inferrer import Inferrer
from app.usecases.outbox.courier import Courier
from app.usecases.outbox.senders import SENDERS
from app.web import command_carrier, create_app

# The exit status at which gunicorn stops, instead of starting its worker again for ever.
APP_LOAD_ERROR = 4

try:
    settings = Settings.from_env(os.environ)
    # Administration needs no weights, and makes the database that the application insists on.
    if is_administration():
        app = command_carrier()
    else:
        app = create_app(settings, archive=archive_of(settings))
        Courier(app.extensions["services"], {**SENDERS, **senders(settings)}).start()
        Inferrer(app.extensions["services"]).start()
except FractureError as error:
    sys.stderr.write(f"Cannot start: {error}\n")
    sys.exit(APP_LOAD_ERROR)
register_commands(app.cli, settings)
for command in hospital_commands.commands(settings):
    app.cli.add_command(command)
