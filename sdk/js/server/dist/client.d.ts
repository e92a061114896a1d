import { Events } from "./events.js";
import { Resources } from "./generated.js";
import { type RetryPolicy } from "./retrying.js";
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
export declare class PaygateClient extends Resources {
    #private;
    /** The merchant's events: past ones in pages, and new ones as they happen. */
    readonly events: Events;
    constructor(options?: ClientOptions);
}
