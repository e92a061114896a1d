/** Panels that plugins add to the pages. */

import { useQuery } from "@tanstack/react-query";

import { SELDOM_MS } from "../live/polling";
import { answer, api } from "./client";
import type { PanelListed, PanelShown } from "./schema";

export function usePanels(isWanted: (panel: PanelListed) => boolean) {
  return useQuery({
    queryKey: ["panels"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/plugins/panels", { signal }))).data,
    staleTime: Infinity,
    select: (all) => all.filter(isWanted),
  });
}

export function usePanel(id: string) {
  return useQuery({
    queryKey: ["panels", id],
    queryFn: ({ signal }): Promise<PanelShown> =>
      answer(api.GET("/api/v1/plugins/panels/{panel_id}", { params: { path: { panel_id: id } }, signal })),
    refetchInterval: SELDOM_MS,
  });
}
