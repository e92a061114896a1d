/** The audit log. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { SELDOM_MS } from "../live/polling";
import { answer, api } from "./client";
import { filled, type QueryOf, type Typed } from "./pages";

type Audit = QueryOf<"/api/v1/audit">;

export function useAudit(typed: Typed<Audit>, { limit, offset }: { limit: number; offset: number }) {
  const query = { ...filled<Audit>(typed), limit, offset };
  return useQuery({
    queryKey: ["audit", query],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/audit", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: SELDOM_MS,
  });
}
