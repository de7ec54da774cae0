"""How gunicorn serves: one process, because the weights are loaded once, and threads for whole requests only."""

bind = "127.0.0.1:8000"
worker_class = "app.serving.worker.PollingWorker"
workers = 1
threads = 8
# The worker loads the weights itself: CUDA does not survive a fork.
preload_app = False
timeout = 120
graceful_timeout = 30
keepalive = 30
worker_connections = 4096
control_socket_disable = True
# The app logs each request by endpoint and id; a path would carry sign-in tokens.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
        "alembic": {"level": "WARNING"},
        "gunicorn.access": {"level": "INFO", "handlers": [], "propagate": False},
    },
}
