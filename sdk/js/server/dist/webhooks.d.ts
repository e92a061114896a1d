import { type Event } from "./events.js";
/** The headers of a request, as Node, Express or `fetch` have them. */
export type HeadersGiven = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
/**
 * Return the event of a webhook, if its Standard Webhooks signature is valid.
 *
 * It reads `webhook-id`, `webhook-timestamp` and `webhook-signature`. Store the `id` of each event
 * that you processed: paygate delivers at least once.
 *
 * @param body The body of the request before any parsing: its bytes, or the same as text.
 * @param headers Of the request; upper and lower case do not matter.
 * @param secret The endpoint's secret; or several, while you replace one.
 * @param options.toleranceS How far the time of the attempt may be from now, in seconds, so that a
 *   copy of an old request is refused; default: 300.
 * @throws WebhookVerificationError A header is missing, the signature is of another secret or
 *   another body, or the time is too far away.
 * @throws ConfigurationError There is no secret.
 * @throws TypeError The body was parsed.
 */
export declare function verifyWebhook(body: Uint8Array | string, headers: HeadersGiven, secret: string | readonly string[], options?: {
    toleranceS?: number;
}): Event;
/**
 * Return the event of a webhook, if its plain HMAC signature is valid.
 *
 * It reads `X-Webhook-Signature`, for receivers of older gateways. Prefer `verifyWebhook`: the
 * plain signature covers the time of the event in the body, and no time of the attempt. A retry
 * may come hours after the event, so the tolerance is longer and stops fewer copies.
 *
 * @param body The body of the request before any parsing: its bytes, or the same as text.
 * @param headers Of the request; upper and lower case do not matter.
 * @param secret The endpoint's secret; or several, while you replace one.
 * @param options.toleranceS How far the event's time may be from now, in seconds; null accepts any
 *   time, which manual retries of old events need; default: a day.
 * @throws WebhookVerificationError The header is missing, the signature is of another secret or
 *   another body, or the event is too old.
 * @throws ConfigurationError There is no secret.
 * @throws TypeError The body was parsed.
 */
export declare function verifyLegacyWebhook(body: Uint8Array | string, headers: HeadersGiven, secret: string | readonly string[], options?: {
    toleranceS?: number | null;
}): Event;
