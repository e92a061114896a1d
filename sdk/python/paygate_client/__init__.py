"""Client library of paygate, for merchants' servers.

```python
from paygate_client import PaygateClient

with PaygateClient() as paygate:  # PAYGATE_URL, PAYGATE_API_KEY, PAYGATE_API_SECRET
    order = paygate.orders.create(amount=50_000, currency="INR")
```
"""

from . import models
from .client import AsyncPaygateClient, PaygateClient
from .decoding import UNSET
from .errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConnectionFailedError,
    ForbiddenError,
    IdempotencyInProgressError,
    IdempotencyKeyReusedError,
    NotFoundError,
    PaygateError,
    RateLimitError,
    ServerError,
    UnavailableError,
    UnexpectedResponseError,
    WebhookVerificationError,
)
from .events import Event
from .pages import Page
from .retrying import RetryPolicy
from .settings import VERSION
from .webhooks import verify_legacy_webhook, verify_webhook

__version__ = VERSION

__all__ = [
    "UNSET",
    "ApiError",
    "AsyncPaygateClient",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "ConnectionFailedError",
    "Event",
    "ForbiddenError",
    "IdempotencyInProgressError",
    "IdempotencyKeyReusedError",
    "NotFoundError",
    "Page",
    "PaygateClient",
    "PaygateError",
    "RateLimitError",
    "RetryPolicy",
    "ServerError",
    "UnavailableError",
    "UnexpectedResponseError",
    "WebhookVerificationError",
    "__version__",
    "models",
    "verify_legacy_webhook",
    "verify_webhook",
]
