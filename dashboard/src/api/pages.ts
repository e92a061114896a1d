/** Paginated lists. */

import type { paths } from "./schema";

export interface Page<Row> {
  data: Row[];
  total: number;
  limit: number;
  offset: number;
  total_is_bounded?: true;
}

/** A list that is an array for some clients, and a page if requested with a limit. */
export function pageOf<Row>(answer: Row[] | Page<Row>): Page<Row> {
  if (!Array.isArray(answer)) return answer;
  return { data: answer, total: answer.length, limit: answer.length, offset: 0 };
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
