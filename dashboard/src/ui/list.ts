/** The filters and the page of a list. They are part of the URL, so that it can be shared. */

import { useSearchParams } from "react-router";

export const ROWS = 20;

export interface ListState<Name extends string> {
  /** Every filter by name; empty where it is not set. */
  values: Record<Name, string>;
  isFiltered: boolean;
  /** From 0. */
  page: number;
  limit: number;
  offset: number;
  /** Where the page before ended; empty if it was not turned from there. */
  cursor: string;
  change: (changed: Partial<Record<Name, string>>) => void;
  clear: () => void;
  turn: (page: number, cursor?: string) => void;
}

export function useListState<Name extends string>(names: readonly Name[], limit = ROWS): ListState<Name> {
  const [query, setQuery] = useSearchParams();
  const values = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""])) as Record<Name, string>;
  const page = Math.max(0, Number.parseInt(query.get("page") ?? "1", 10) - 1) || 0;

  const put = (all: Record<string, string>) =>
    // A text that is being typed is no entry of the history.
    setQuery(
      Object.entries(all).filter(([, value]) => value !== ""),
      { replace: true },
    );
  return {
    values,
    isFiltered: names.some((name) => values[name] !== ""),
    page,
    limit,
    offset: page * limit,
    cursor: query.get("cursor") ?? "",
    change: (changed) => put({ ...values, ...changed }),
    clear: () => put({}),
    turn: (to, cursor) =>
      setQuery((before) => {
        before.set("page", String(to + 1));
        if (cursor) before.set("cursor", cursor);
        else before.delete("cursor");
        return before;
      }),
  };
}

/** The first instant of a local day such as `2026-01-31`, as ISO; empty stays empty. */
export function dayStart(day: string): string {
  return instantOf(day, 0);
}

/** The first instant after a local day. */
export function dayEnd(day: string): string {
  return instantOf(day, 1);
}

function instantOf(day: string, later: number): string {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return "";
  return new Date(year, month - 1, date + later).toISOString();
}
