import { randomUUID } from "node:crypto";
import { ConfigurationError, UnexpectedResponseError } from "./errors.js";
const ROWS_OF_A_PAGE = 100;
/**
 * Return the idempotency key of a request: the given one, or one that was never used.
 *
 * The server would refuse any other key, or ignore it: then a request that is sent again would be
 * executed twice.
 */
export function keyOf(given) {
    if (given === null || given === undefined)
        return randomUUID();
    // The server takes quotes off, and ignores a key that is empty then.
    if (typeof given !== "string" || !/^[!-~](?:[ -~]{0,253}[!-~])?$/.test(given) || given === '""') {
        throw new ConfigurationError("idempotencyKey must be 1 to 255 printable ASCII characters, without spaces around it");
    }
    return given;
}
/** Return a path with ids in it. */
export function path(texts, ...ids) {
    return texts.reduce((before, text, number) => {
        const id = ids[number - 1];
        if (typeof id !== "string" || id === "" || id === "." || id === "..") {
            throw new ConfigurationError(`${JSON.stringify(id)} is not an id`);
        }
        return before + encodeURIComponent(id) + text;
    });
}
/** Whether sending a request twice does no more than sending it once. */
export function mayRepeat(call) {
    return call.verb === "GET" || call.idempotencyKey !== undefined;
}
/** Yield the rows of all pages. */
export async function* eachRow(send, call) {
    let cursor = null;
    do {
        const page = await send({
            ...call,
            query: { ...call.query, limit: ROWS_OF_A_PAGE, cursor },
        });
        if (!Array.isArray(page?.data)) {
            throw new UnexpectedResponseError("the response is not a page of a list");
        }
        yield* page.data;
        if (page.next_cursor !== null && page.next_cursor === cursor) {
            throw new UnexpectedResponseError("the next page is the same page again");
        }
        cursor = page.next_cursor ?? null;
    } while (cursor !== null);
}
