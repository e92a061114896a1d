/** The audit log. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { SELDOM_MS } from "../live/polling";
import { answer, api } from "./client";
import { filled, queryOf, type QueryOf, type Slice, type Typed } from "./pages";

type Audit = Omit<QueryOf<"/api/v1/audit">, keyof Slice>;

export function useAudit(typed: Typed<Audit>, slice: Slice) {
  const query = { ...filled<Audit>(typed), ...queryOf(slice) };
  return useQuery({
    queryKey: ["audit", query],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/audit", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: SELDOM_MS,
  });
}
