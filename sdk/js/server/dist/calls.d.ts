/** A request. */
export interface Call {
    verb: string;
    /** Below `/api/v1`. */
    path: string;
    /** Parameters; null and undefined count as missing. */
    query?: object | undefined;
    /** Fields of the JSON body; undefined without a body. */
    body?: object | undefined;
    /** The same in all attempts. */
    idempotencyKey?: string | undefined;
}
/** Sends a request, again if that is safe, and returns its result. */
export type Send = <T>(call: Call) => Promise<T>;
/** Options of a request that is executed once per key. */
export interface KeyedOptions {
    /** The same for repeated requests. Without it, each call has a new key. */
    idempotencyKey?: string | undefined;
}
/** Rows of a list, the newest first. */
export interface Page<T> {
    data: T[];
    /** Rows of the whole list, exact up to 10,000. */
    total: number;
    /** The most rows of this page. */
    limit: number;
    /** `cursor` of the next page; null at the end of the list. */
    next_cursor: string | null;
    /** True if the list is longer than `total`. */
    total_is_bounded?: boolean;
}
/**
 * Return the idempotency key of a request: the given one, or one that was never used.
 *
 * The server would refuse any other key, or ignore it: then a request that is sent again would be
 * executed twice.
 */
export declare function keyOf(given: string | null | undefined): string;
/** Return a path with ids in it. */
export declare function path(texts: TemplateStringsArray, ...ids: string[]): string;
/** Whether sending a request twice does no more than sending it once. */
export declare function mayRepeat(call: Call): boolean;
/** Yield the rows of all pages. */
export declare function eachRow<T>(send: Send, call: Call): AsyncGenerator<T, void, void>;
