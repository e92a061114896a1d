/** Paginated lists. */

import type { paths } from "./schema";

export interface Page<Row> {
  data: Row[];
  total: number;
  limit: number;
  offset: number;
  next_cursor: string | null;
  total_is_bounded?: true;
}

/** The rows of a page. */
export interface Slice {
  limit: number;
  offset: number;
  /** Where the page before ended; then `offset` only says how many rows that was. */
  cursor?: string;
}

/** The query parameters of a slice. Rows after a cursor are found at once, however many are before it. */
export function queryOf({ limit, offset, cursor }: Slice): Slice | Omit<Slice, "offset"> {
  return cursor ? { limit, cursor } : { limit, offset };
}

/** A list that is an array for some clients, and a page if requested with a limit. */
export function pageOf<Row>(answer: Row[] | Page<Row>): Page<Row> {
  if (!Array.isArray(answer)) return answer;
  return { data: answer, total: answer.length, limit: answer.length, offset: 0, next_cursor: null };
}

/** The query parameters of a path. */
export type QueryOf<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Query } } }
  ? NonNullable<Query>
  : never;

/** Query parameters as text, as in URLs and forms; empty if not set. */
export type Typed<Query> = { [Name in keyof Query]?: string };

/** Removes empty parameters. The API validates the others. */
export function filled<Query>(typed: Typed<Query>): Query {
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== "")) as Query;
}
