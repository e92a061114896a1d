/** Client library of paygate, for merchants' servers. */

export { type KeyedOptions, type Page } from "./calls.js";
export { type ClientOptions, PaygateClient } from "./client.js";
export {
  ApiError,
  type ApiErrorDetail,
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
} from "./errors.js";
export { type Event, type Events } from "./events.js";
export type * from "./generated.js";
export { type RetryPolicy } from "./retrying.js";
export { VERSION } from "./settings.js";
export { type HeadersGiven, verifyLegacyWebhook, verifyWebhook } from "./webhooks.js";
