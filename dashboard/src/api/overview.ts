/** Figures for a period. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { byEvents } from "../live/polling";
import { answer, api } from "./client";

export function useOverview(hours: number) {
  return useQuery({
    queryKey: ["overview", hours],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/overview", { params: { query: { hours } }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: byEvents,
  });
}
