/** Requests to the API, typed by its own document: who asks, what comes back, what went wrong in words. */

import createClient from "openapi-fetch";

import { apiOrigin } from "../told";
import type { paths } from "./schema";

export class ApiError extends Error {
  constructor(
    /** The HTTP status; 0 when no answer came at all. */
    readonly status: number,
    readonly code: string,
    message: string,
    /** The request's field that is to blame, where one is. */
    readonly field: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Whether asking once more may help. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

const TIMEOUT_MS = 15_000;
const SAFE = new Set(["GET", "HEAD"]);

let csrfToken: string | null = null;
let whenSessionEnds: () => void = () => {};

/** What shows that a change is asked for by our own page; a foreign one cannot read it. */
export function proveWith(token: string | null): void {
  csrfToken = token;
}

/** Say what is done when the API no longer knows who asks. */
export function onSessionEnd(then: () => void): void {
  whenSessionEnds = then;
}

/** The API, path by path; hand what it gives to `answer`. */
export const api = createClient<paths>({ baseUrl: apiOrigin(), fetch: send });

async function send(request: Request): Promise<Response> {
  const headers = new Headers(request.headers);
  if (csrfToken && !SAFE.has(request.method)) headers.set("X-Csrf-Token", csrfToken);
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    // The session's cookie goes along to another port of this host too.
    return await fetch(new Request(request, { headers, signal, credentials: "include" }));
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError(0, "UNREACHABLE", "The API does not answer");
  }
}

interface Asked<Answer> {
  data?: Answer;
  error?: unknown;
  response: Response;
}

/** What the API answered.
 *
 * @throws ApiError It refused, failed, or did not answer.
 */
export async function answer<Answer>(asked: Promise<Asked<Answer>>): Promise<Answer> {
  const { data, error, response } = await asked;
  if (response.ok) return data as Answer;
  // Asking for a session, or with a wrong password for another one, ends none.
  if (response.status === 401 && !response.url.includes("/api/v1/session")) whenSessionEnds();
  throw refusal(response.status, error);
}

function refusal(status: number, body: unknown): ApiError {
  const error = (body as { error?: { code: string; description: string; field?: string } } | undefined)?.error;
  if (!error?.description) return new ApiError(status, "SERVER_ERROR", `The API answered ${status}`);
  return new ApiError(status, error.code, error.description, error.field ?? null);
}

/** Makes a repeated click or a lost answer harmless: the same key gets the same answer.
 *
 * Works outside of secure contexts too, where `randomUUID` does not exist.
 */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The header that carries such a key. */
export function once(key: string): { "Idempotency-Key": string } {
  return { "Idempotency-Key": key };
}
