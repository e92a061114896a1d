/** One request to the API: who asks, what comes back, and what went wrong in words. */

import { apiOrigin } from "../told";

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

export interface Credentials {
  apiKey: string;
  apiSecret: string;
}

export interface Ask {
  method?: "GET" | "POST" | "PUT" | "PATCH";
  body?: unknown;
  /** Makes a repeated click or a lost answer harmless; the same key gets the same answer. */
  idempotencyKey?: string;
  /** Instead of the session's; null asks without any. */
  credentials?: Credentials | null;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 15_000;

let readCredentials: () => Credentials | null = () => null;

/** Say where the credentials of a request without its own come from. */
export function credentialsFrom(source: () => Credentials | null): void {
  readCredentials = source;
}

/** Ask the API.
 *
 * @param path After `/api/v1`, or a whole path when it begins with `/health`.
 * @throws ApiError The API refused, failed, or did not answer.
 */
export async function ask<Answer>(path: string, how: Ask = {}): Promise<Answer> {
  const url = apiOrigin() + (path.startsWith("/health") ? path : `/api/v1${path}`);
  let response: Response;
  try {
    response = await fetch(url, request(how));
  } catch (error) {
    if (how.signal?.aborted) throw error;
    throw new ApiError(0, "UNREACHABLE", "The API does not answer");
  }
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as Answer;
}

function request({ method = "GET", body, idempotencyKey, credentials, signal }: Ask): RequestInit {
  const headers: Record<string, string> = {};
  const who = credentials === undefined ? readCredentials() : credentials;
  if (who) {
    headers["X-Api-Key"] = who.apiKey;
    headers["X-Api-Secret"] = who.apiSecret;
  }
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  return {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  };
}

async function refusal(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as {
      error: { code: string; description: string; field?: string };
    };
    return new ApiError(response.status, error.code, error.description, error.field ?? null);
  } catch {
    return new ApiError(response.status, "SERVER_ERROR", `The API answered ${response.status}`);
  }
}
