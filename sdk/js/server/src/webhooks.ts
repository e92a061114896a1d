import { createHmac, timingSafeEqual } from "node:crypto";

import { ConfigurationError, UnexpectedResponseError, WebhookVerificationError } from "./errors.js";
import { type Event, parseEvent } from "./events.js";

const PREFIX = "whsec_";
const KEY_BYTES_MIN = 16;
// What Python's strict decoder accepts too: the last bits before the padding may be anything.
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const TOLERANCE_S = 5 * 60;
const LEGACY_TOLERANCE_S = 24 * 60 * 60;

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
export function verifyWebhook(
  body: Uint8Array | string,
  headers: HeadersGiven,
  secret: string | readonly string[],
  options: { toleranceS?: number } = {},
): Event {
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature").split(" ");
  const bytes = raw(body);
  if (!/^[0-9]{1,12}$/.test(timestamp)) {
    throw new WebhookVerificationError("webhook-timestamp is not a time in Unix seconds");
  }
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), bytes]);
  const expected = secretsOf(secret).map(
    (each) => `v1,${createHmac("sha256", keyOf(each)).update(signed).digest("base64")}`,
  );
  if (!isAny(signatures, expected)) {
    throw new WebhookVerificationError("webhook-signature is not of this secret and this body");
  }
  checkTime(Number(timestamp), options.toleranceS ?? TOLERANCE_S);
  return eventOf(bytes, id);
}

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
export function verifyLegacyWebhook(
  body: Uint8Array | string,
  headers: HeadersGiven,
  secret: string | readonly string[],
  options: { toleranceS?: number | null } = {},
): Event {
  const signature = header(headers, "x-webhook-signature");
  const bytes = raw(body);
  const expected = secretsOf(secret).map((each) => createHmac("sha256", each).update(bytes).digest("hex"));
  if (!isAny([signature], expected)) {
    throw new WebhookVerificationError("X-Webhook-Signature is not of this secret and this body");
  }
  const event = eventOf(bytes, found(headers, "webhook-id") ?? "");
  const { toleranceS = LEGACY_TOLERANCE_S } = options;
  if (toleranceS !== null) checkTime(event.timestamp.getTime() / 1000, toleranceS);
  return event;
}

function found(headers: HeadersGiven, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const pair = Object.entries(headers).find(([each]) => each.toLowerCase() === name);
  const value = pair?.[1];
  return typeof value === "string" ? value : value?.join(" ");
}

function header(headers: HeadersGiven, name: string): string {
  const value = found(headers, name);
  if (!value) throw new WebhookVerificationError(`the request has no header ${name}`);
  return value;
}

function raw(body: Uint8Array | string): Uint8Array {
  if (typeof body === "string") return Buffer.from(body);
  if (!(body instanceof Uint8Array)) {
    throw new TypeError("body must be the bytes of the request, before any parsing");
  }
  return body;
}

function secretsOf(secret: string | readonly string[]): readonly string[] {
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (!Array.isArray(secrets) || secrets.length === 0 || !secrets.every(Boolean)) {
    throw new ConfigurationError("There is no webhook secret: without one, anyone could sign");
  }
  return secrets;
}

/** Return the key of a secret: decoded if it is base64, as in secrets that paygate makes. */
function keyOf(secret: string): Buffer {
  const text = secret.slice(PREFIX.length);
  const key = Buffer.from(text, "base64");
  // Node also decodes text that is not base64.
  const isBase64 = secret.startsWith(PREFIX) && BASE64.test(text) && key.length >= KEY_BYTES_MIN;
  return isBase64 ? key : Buffer.from(secret);
}

function isAny(given: readonly string[], expected: readonly string[]): boolean {
  // All are compared, so that the time does not depend on the place of the right one.
  const equal = given.flatMap((one) => expected.map((other) => isEqual(one, other)));
  return equal.includes(true);
}

function isEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function checkTime(timestampS: number, toleranceS: number): void {
  if (!(Math.abs(Date.now() / 1000 - timestampS) <= toleranceS)) {
    throw new WebhookVerificationError("the webhook's time is too far from now: it may be a copy");
  }
}

function eventOf(body: Uint8Array, id: string): Event {
  try {
    return parseEvent(new TextDecoder("utf-8", { fatal: true }).decode(body), { id });
  } catch (error) {
    if (!(error instanceof UnexpectedResponseError) && !(error instanceof TypeError)) throw error;
    throw new WebhookVerificationError("the body is not an event of paygate");
  }
}
