import { randomUUID } from "node:crypto";

import { ConfigurationError, UnexpectedResponseError } from "./errors.js";

const ROWS_OF_A_PAGE = 100;

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
export function keyOf(given: string | null | undefined): string {
  if (given === null || given === undefined) return randomUUID();
  // The server takes quotes off, and ignores a key that is empty then.
  if (typeof given !== "string" || !/^[!-~](?:[ -~]{0,253}[!-~])?$/.test(given) || given === '""') {
    throw new ConfigurationError(
      "idempotencyKey must be 1 to 255 printable ASCII characters, without spaces around it",
    );
  }
  return given;
}

/** Return a path with ids in it. */
export function path(texts: TemplateStringsArray, ...ids: string[]): string {
  return texts.reduce((before, text, number) => {
    const id = ids[number - 1];
    if (typeof id !== "string" || id === "" || id === "." || id === "..") {
      throw new ConfigurationError(`${JSON.stringify(id)} is not an id`);
    }
    return before + encodeURIComponent(id) + text;
  });
}

/** Whether sending a request twice does no more than sending it once. */
export function mayRepeat(call: Call): boolean {
  return call.verb === "GET" || call.idempotencyKey !== undefined;
}

/** Yield the rows of all pages. */
export async function* eachRow<T>(send: Send, call: Call): AsyncGenerator<T, void, void> {
  let cursor: string | null = null;
  do {
    const page: Page<T> = await send({
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
