"""Whether the application can do its work just now."""

from app.errors import Unavailable
from app.services import Services


def is_ready(services: Services) -> bool:
    """Whether the network is loaded and the database answers."""
    try:
        services.store.ping()
    except Unavailable:
        return False
    return services.detector.ready()
