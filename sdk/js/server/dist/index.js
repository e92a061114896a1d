/** Client library of paygate, for merchants' servers. */
export {} from "./calls.js";
export { PaygateClient } from "./client.js";
export { ApiError, AuthenticationError, BadRequestError, ConfigurationError, ConnectionFailedError, ForbiddenError, IdempotencyInProgressError, IdempotencyKeyReusedError, NotFoundError, PaygateError, RateLimitError, ServerError, UnavailableError, UnexpectedResponseError, WebhookVerificationError, } from "./errors.js";
export {} from "./events.js";
export {} from "./retrying.js";
export { VERSION } from "./settings.js";
export { verifyLegacyWebhook, verifyWebhook } from "./webhooks.js";
