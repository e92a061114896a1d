/** Refreshes the data on the page that an event is about. */

import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import { follow, onLiveChange, readLive, type LiveState, type StreamEvent } from "./stream";

/** Several events within this time cause one refresh. */
const GATHER_MS = 150;

/** Follows the merchant's events while mounted. */
export function useFollow(): void {
  const client = useQueryClient();
  useEffect(() => {
    const gathered = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer = undefined;
      for (const about of gathered) invalidate(client, about);
      gathered.clear();
    };
    const stop = follow(
      (event) => {
        for (const about of subjects(event)) gathered.add(about);
        timer ??= setTimeout(refresh, GATHER_MS);
      },
      () => void client.invalidateQueries(),
    );
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [client]);
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(onLiveChange, readLive);
}

/** Returns the first words of the query keys that an event is about. */
export function subjects({ event }: StreamEvent): string[] {
  const kind = event.split(".")[0] ?? "";
  const also = ["overview", "deliveries"];
  if (kind === "payment") return ["payments", "payment", "orders", "order", "links", ...also];
  if (kind === "refund") return ["refunds", "payments", "payment", ...also];
  if (kind === "order") return ["orders", "order", ...also];
  if (kind === "webhook" || kind === "endpoint") return ["endpoints", ...also];
  return also;
}

function invalidate(client: QueryClient, about: string): void {
  void client.invalidateQueries({ queryKey: [about] });
}
