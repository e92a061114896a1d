import { setTimeout as pause } from "node:timers/promises";

import type { Call, Send } from "./calls.js";
import { PaygateError, UnexpectedResponseError } from "./errors.js";
import { Events } from "./events.js";
import { Resources } from "./generated.js";
import { Attempts, RETRY_POLICY, type RetryPolicy } from "./retrying.js";
import { VERSION, apiUrlOf, keysOf } from "./settings.js";

// Without an event the server sends a comment every 15 seconds.
const SILENCE_MAX_MS = 60_000;
const RECONNECT_MS = 2_000;

export interface ClientOptions {
  /** The merchant's key; default: the environment variable `PAYGATE_API_KEY`. */
  apiKey?: string | undefined;
  /** Its secret; default: `PAYGATE_API_SECRET`. */
  apiSecret?: string | undefined;
  /** The server, such as `https://pay.example`; default: `PAYGATE_URL`. */
  baseUrl?: string | undefined;
  /** Milliseconds that a response may take, besides a `wait` of the request; default: 30,000. */
  timeoutMs?: number | undefined;
  /** When failed requests are sent again. */
  retry?: Partial<RetryPolicy> | undefined;
  /** Sends the requests instead of Node's `fetch`. */
  fetch?: typeof fetch | undefined;
}

/** A client of a paygate server, for one merchant. */
export class PaygateClient extends Resources {
  /** The merchant's events: past ones in pages, and new ones as they happen. */
  override readonly events: Events;
  readonly #transport: Transport;

  constructor(options: ClientOptions = {}) {
    const transport = new Transport(options);
    super(transport.send);
    this.#transport = transport;
    this.events = new Events(transport.send, transport);
  }

  /** What `console.log` shows: the address, and no key. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `PaygateClient(${this.#transport.apiUrl})`;
  }
}

class Transport {
  readonly apiUrl: string;
  readonly #keys: Record<string, string>;
  readonly #timeoutMs: number;
  readonly #retry: RetryPolicy;
  readonly #fetch: typeof fetch;

  constructor(options: ClientOptions) {
    this.apiUrl = apiUrlOf(options.baseUrl);
    this.#keys = keysOf(options.apiKey, options.apiSecret);
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#retry = { ...RETRY_POLICY, ...options.retry };
    this.#fetch = options.fetch ?? fetch;
  }

  readonly send: Send = async <T>(call: Call): Promise<T> => {
    const attempts = new Attempts(call, this.#retry);
    const [url, init] = this.#request(call);
    for (;;) {
      const signal = AbortSignal.timeout(this.#timeoutMs + waitMsOf(call));
      let pauseMs: number;
      try {
        const response = await this.#fetch(url, { ...init, signal });
        const { ok, status, headers } = response;
        // A body that breaks off is a lost response too.
        const text = await response.text();
        if (ok) return result(call, text) as T;
        pauseMs = attempts.pauseAfterResponse({ status, headers, text });
      } catch (failure) {
        if (failure instanceof PaygateError) throw failure;
        pauseMs = attempts.pauseAfterFailure(failure);
      }
      await pause(pauseMs);
    }
  };

  /** Yield the pieces of one response after another; see `StreamSource`. */
  async *pieces(next: () => Call): AsyncGenerator<Uint8Array, void, void> {
    let attempts: Attempts | null = null;
    for (;;) {
      let pauseMs = RECONNECT_MS;
      const call = next();
      attempts ??= new Attempts(call, this.#retry);
      const [url, init] = this.#request(call);
      const silence = new Silence(SILENCE_MAX_MS);
      try {
        const response = await this.#fetch(url, { ...init, signal: silence.signal });
        if (response.ok && response.body) {
          for await (const piece of piecesOf(response.body)) {
            silence.restart();
            // A stream that sends something is not a failed attempt.
            attempts = null;
            yield piece;
          }
        } else {
          const { status, headers } = response;
          pauseMs = attempts.pauseAfterResponse({ status, headers, text: await response.text() });
        }
      } catch (failure) {
        if (failure instanceof PaygateError) throw failure;
        attempts ??= new Attempts(call, this.#retry);
        pauseMs = attempts.pauseAfterFailure(failure);
      } finally {
        silence.end();
      }
      await pause(pauseMs);
    }
  }

  /** Return the arguments of `fetch`. What cannot be sent at all is not sent again either. */
  #request(call: Call): [string, RequestInit] {
    const headers: Record<string, string> = {
      ...this.#keys,
      "User-Agent": `paygate-server/${VERSION} node/${process.versions.node}`,
    };
    if (call.body !== undefined) headers["Content-Type"] = "application/json";
    if (call.idempotencyKey !== undefined) headers["Idempotency-Key"] = call.idempotencyKey;
    const init: RequestInit = {
      method: call.verb,
      headers,
      body: call.body === undefined ? null : JSON.stringify(call.body),
      // The keys are for this server only.
      redirect: "manual",
    };
    return [`${this.apiUrl}${call.path}${queryOf(call)}`, init];
  }
}

/** Ends a request that is silent for too long. */
class Silence {
  readonly #controller = new AbortController();
  readonly #maxMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#maxMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    // A reader that stops closes its connection.
    this.#controller.abort();
  }
}

async function* piecesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** Return how long the server may wait before it responds. */
function waitMsOf(call: Call): number {
  const { wait } = (call.query ?? {}) as { wait?: unknown };
  return typeof wait === "number" && wait > 0 ? wait * 1000 : 0;
}

function queryOf(call: Call): string {
  const given = Object.entries(call.query ?? {}).filter(([, value]) => value !== null && value !== undefined);
  const pairs = given.map(([name, value]) => [name, value instanceof Date ? value.toISOString() : String(value)]);
  return given.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

function result(call: Call, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnexpectedResponseError(`${call.verb} ${call.path}: the response is not JSON`);
  }
}
