/** Requests to the API, with types from its OpenAPI document. */

import createClient from "openapi-fetch";

import { apiOrigin } from "../page-meta";
import type { paths } from "./schema";

export class ApiError extends Error {
  constructor(
    /** The HTTP status; 0 if there was no response. */
    readonly status: number,
    readonly code: string,
    message: string,
    /** The wrong field of the request, if any. */
    readonly field: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Whether a retry may help. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

const TIMEOUT_MS = 15_000;
const SAFE = new Set(["GET", "HEAD"]);

let csrfToken: string | null = null;
let whenSessionEnds: () => void = () => {};

/** The CSRF token; other sites cannot read it. */
export function proveWith(token: string | null): void {
  csrfToken = token;
}

/** Sets the listener for the end of the session. */
export function onSessionEnd(then: () => void): void {
  whenSessionEnds = then;
}

/** The API's typed client; pass its results to `answer`. */
export const api = createClient<paths>({ baseUrl: apiOrigin(), fetch: send });

async function send(request: Request): Promise<Response> {
  const headers = new Headers(request.headers);
  if (csrfToken && !SAFE.has(request.method)) headers.set("X-Csrf-Token", csrfToken);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    // Send the session cookie to another port of this host too.
    return await fetch(new Request(request, { headers, signal, credentials: "include" }));
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError(0, "UNREACHABLE", "The API does not respond");
  }
}

interface Asked<Answer> {
  data?: Answer;
  error?: unknown;
  response: Response;
}

/** Returns the API's response.
 *
 * @throws ApiError It rejected the request, failed, or did not respond.
 */
export async function answer<Answer>(asked: Promise<Asked<Answer>>): Promise<Answer> {
  const { data, error, response } = await asked;
  if (response.ok) return data as Answer;
  // A 401 for a login or a password change does not end the session.
  if (response.status === 401 && !response.url.includes("/api/v1/session")) whenSessionEnds();
  throw refusal(response.status, error);
}

function refusal(status: number, body: unknown): ApiError {
  const error = (body as { error?: { code: string; description: string; field?: string } } | undefined)?.error;
  if (!error?.description) return new ApiError(status, "SERVER_ERROR", `The API responded with ${status}`);
  return new ApiError(status, error.code, error.description, error.field ?? null);
}

/** Creates an idempotency key: repeated requests get the same response.
 *
 * It works outside of secure contexts too, where `randomUUID` does not exist.
 */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The header of the key. */
export function once(key: string): { "Idempotency-Key": string } {
  return { "Idempotency-Key": key };
}
