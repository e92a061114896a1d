/** Differences between the gateway and a processor. */

import { useQuery } from "@tanstack/react-query";

import { WATCHED_MS } from "../live/polling";
import { useAction } from "./action";
import { answer, api } from "./client";

/** Open items, or resolved ones. */
export function useAttention(isResolved: boolean) {
  return useQuery({
    queryKey: ["attention", isResolved],
    queryFn: async ({ signal }) =>
      (
        await answer(
          api.GET("/api/v1/attention", { params: { query: { resolved: isResolved ? "true" : "false" } }, signal }),
        )
      ).data,
    refetchInterval: WATCHED_MS,
  });
}

export function useResolveAttention(id: string) {
  return useAction(
    (note: string) =>
      answer(api.POST("/api/v1/attention/{item_id}/resolve", { params: { path: { item_id: id } }, body: { note } })),
    () => "Resolved",
  );
}
