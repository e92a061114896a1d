/** Lists in pages. */

import type { paths } from "./schema";

export interface Page<Row> {
  data: Row[];
  total: number;
  limit: number;
  offset: number;
}

/** A page of a list that some clients read as a bare array: asked for with a limit it is a page. */
export function pageOf<Row>(answer: Row[] | Page<Row>): Page<Row> {
  if (!Array.isArray(answer)) return answer;
  return { data: answer, total: answer.length, limit: answer.length, offset: 0 };
}

/** What a path may be asked with. */
export type QueryOf<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Query } } }
  ? NonNullable<Query>
  : never;

/** Such a query as texts, the way addresses and forms hold it; empty where nothing is asked for. */
export type Typed<Query> = { [Name in keyof Query]?: string };

/** Without what nobody filled in. What somebody wrote into the address is the API's to refuse. */
export function filled<Query>(typed: Typed<Query>): Query {
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== "")) as Query;
}
