/** Whether the gateway is well, and how much work there is. */

import { useQuery } from "@tanstack/react-query";

import { WATCHED_MS } from "../live/pace";
import { isRefused } from "./action";
import { answer, api } from "./client";

/** Not to be had in production, where it answers 404 and is not asked for again. */
export function useWorkStatus() {
  return useQuery({
    queryKey: ["work"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/test/jobs/status", { signal })),
    refetchInterval: ({ state }) => (isRefused(state.error) ? false : WATCHED_MS),
  });
}

export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => answer(api.GET("/health", { signal })),
    refetchInterval: WATCHED_MS,
  });
}
