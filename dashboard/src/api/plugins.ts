/** Installed plugins, their health and their settings. */

import { useQuery } from "@tanstack/react-query";

import { SELDOM_MS } from "../live/polling";
import { useSession } from "../roles";
import { useAction } from "./action";
import { answer, api } from "./client";
import type { Plugin } from "./schema";

/** For operators only. */
export function usePlugins() {
  const { is_operator: enabled } = useSession();
  return useQuery({ ...listed, enabled });
}

/** One plugin; null if the id does not exist. */
export function usePlugin(id: string) {
  const { is_operator: enabled } = useSession();
  return useQuery({ ...listed, enabled, select: (all: Plugin[]) => all.find((plugin) => plugin.id === id) ?? null });
}

const listed = {
  queryKey: ["plugins"],
  queryFn: async ({ signal }: { signal: AbortSignal }) => (await answer(api.GET("/api/v1/plugins", { signal }))).data,
  refetchInterval: SELDOM_MS,
};

/** Field → its new value; null resets it to the default, missing fields stay. */
export type Changes = Record<string, unknown>;

export function useConfigurePlugin(id: string) {
  return useAction(
    (values: Changes) =>
      answer(api.PUT("/api/v1/plugins/{plugin_id}/config", { params: { path: { plugin_id: id } }, body: { values } })),
    () => "Settings saved",
  );
}
