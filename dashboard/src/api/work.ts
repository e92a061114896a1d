/** Whether the gateway is well, and how much work there is. */

import { useQuery } from "@tanstack/react-query";

import { WATCHED_MS } from "../live/pace";
import { isRefused, useAction } from "./action";
import { answer, api } from "./client";
import type { StuckRow } from "./schema";

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

/** Who works, every queue, and what is stuck: everybody's to operators, else one's own. */
export function useWorkers() {
  return useQuery({
    queryKey: ["workers"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/workers", { signal })),
    refetchInterval: WATCHED_MS,
  });
}

export function useReleaseStuck() {
  return useAction(
    ({ queue, id }: Pick<StuckRow, "queue" | "id">) =>
      answer(api.POST("/api/v1/workers/stuck/{queue}/{row_id}/release", { params: { path: { queue, row_id: id } } })),
    ({ id }) => `${id} is due again`,
  );
}
