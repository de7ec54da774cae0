"""The senders of every channel that needs no package of its own."""

from collections.abc import Mapping
from types import MappingProxyType

from app.usecases.outbox.deliver import Sender
from app.usecases.outbox.messages import WEBHOOK
from app.usecases.outbox.webhook import send_webhook

SENDERS: Mapping[str, Sender] = MappingProxyType({WEBHOOK: send_webhook})
