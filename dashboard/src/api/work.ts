/** The gateway's health and its queues. */

import { useQuery } from "@tanstack/react-query";

import { WATCHED_MS } from "../live/polling";
import { isRefused, useAction } from "./action";
import { answer, api } from "./client";
import type { StuckRow } from "./schema";

/** In production it is 404 and is not requested again. */
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

/** Workers, queues and stuck work: of all merchants for operators, else of one's own. */
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
    ({ id }) => `${id} is queued again`,
  );
}
