import { setTimeout as pause } from "node:timers/promises";
import { PaygateError, UnexpectedResponseError } from "./errors.js";
import { Events } from "./events.js";
import { Resources } from "./generated.js";
import { Attempts, RETRY_POLICY } from "./retrying.js";
import { VERSION, apiUrlOf, keysOf } from "./settings.js";
// Without an event the server sends a comment every 15 seconds.
const SILENCE_MAX_MS = 60_000;
const RECONNECT_MS = 2_000;
/** A client of a paygate server, for one merchant. */
export class PaygateClient extends Resources {
    /** The merchant's events: past ones in pages, and new ones as they happen. */
    events;
    #transport;
    constructor(options = {}) {
        const transport = new Transport(options);
        super(transport.send);
        this.#transport = transport;
        this.events = new Events(transport.send, transport);
    }
    /** What `console.log` shows: the address, and no key. */
    [Symbol.for("nodejs.util.inspect.custom")]() {
        return `PaygateClient(${this.#transport.apiUrl})`;
    }
}
class Transport {
    apiUrl;
    #keys;
    #timeoutMs;
    #retry;
    #fetch;
    constructor(options) {
        this.apiUrl = apiUrlOf(options.baseUrl);
        this.#keys = keysOf(options.apiKey, options.apiSecret);
        this.#timeoutMs = options.timeoutMs ?? 30_000;
        this.#retry = { ...RETRY_POLICY, ...options.retry };
        this.#fetch = options.fetch ?? fetch;
    }
    send = async (call) => {
        const attempts = new Attempts(call, this.#retry);
        const [url, init] = this.#request(call);
        for (;;) {
            const signal = AbortSignal.timeout(this.#timeoutMs + waitMsOf(call));
            let pauseMs;
            try {
                const response = await this.#fetch(url, { ...init, signal });
                const { ok, status, headers } = response;
                // A body that breaks off is a lost response too.
                const text = await response.text();
                if (ok)
                    return result(call, text);
                pauseMs = attempts.pauseAfterResponse({ status, headers, text });
            }
            catch (failure) {
                if (failure instanceof PaygateError)
                    throw failure;
                pauseMs = attempts.pauseAfterFailure(failure);
            }
            await pause(pauseMs);
        }
    };
    /** Yield the pieces of one response after another; see `StreamSource`. */
    async *pieces(next) {
        let attempts = null;
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
                }
                else {
                    const { status, headers } = response;
                    pauseMs = attempts.pauseAfterResponse({ status, headers, text: await response.text() });
                }
            }
            catch (failure) {
                if (failure instanceof PaygateError)
                    throw failure;
                attempts ??= new Attempts(call, this.#retry);
                pauseMs = attempts.pauseAfterFailure(failure);
            }
            finally {
                silence.end();
            }
            await pause(pauseMs);
        }
    }
    /** Return the arguments of `fetch`. What cannot be sent at all is not sent again either. */
    #request(call) {
        const headers = {
            ...this.#keys,
            "User-Agent": `paygate-server/${VERSION} node/${process.versions.node}`,
        };
        if (call.body !== undefined)
            headers["Content-Type"] = "application/json";
        if (call.idempotencyKey !== undefined)
            headers["Idempotency-Key"] = call.idempotencyKey;
        const init = {
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
    #controller = new AbortController();
    #maxMs;
    #timer;
    constructor(maxMs) {
        this.#maxMs = maxMs;
        this.restart();
    }
    get signal() {
        return this.#controller.signal;
    }
    restart() {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#controller.abort(), this.#maxMs);
    }
    end() {
        clearTimeout(this.#timer);
        // A reader that stops closes its connection.
        this.#controller.abort();
    }
}
async function* piecesOf(body) {
    const reader = body.getReader();
    for (;;) {
        const { done, value } = await reader.read();
        if (done)
            return;
        yield value;
    }
}
/** Return how long the server may wait before it responds. */
function waitMsOf(call) {
    const { wait } = (call.query ?? {});
    return typeof wait === "number" && wait > 0 ? wait * 1000 : 0;
}
function queryOf(call) {
    const given = Object.entries(call.query ?? {}).filter(([, value]) => value !== null && value !== undefined);
    const pairs = given.map(([name, value]) => [name, value instanceof Date ? value.toISOString() : String(value)]);
    return given.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}
function result(call, text) {
    try {
        return JSON.parse(text);
    }
    catch {
        throw new UnexpectedResponseError(`${call.verb} ${call.path}: the response is not JSON`);
    }
}
