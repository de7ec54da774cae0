"""The web server's worker for gunicorn: connections wait in a poller, and a thread has whole requests only.

`worker.PollingWorker` receives and sends for all connections on one thread. A request that is complete in memory is
handed to a lane of threads, which run the application and hand back a whole answer.
"""
