/** Scenarios and the test clock. Not available in production. */

import { useQuery } from "@tanstack/react-query";

import { WATCHED_MS } from "../live/polling";
import { useAction } from "./action";
import { answer, api } from "./client";
import type { AdvanceClockRequest } from "./schema";

export function useScenarios() {
  return useQuery({
    queryKey: ["scenarios"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/test/scenarios", { signal }))).data,
    staleTime: Infinity,
  });
}

/** The scenario of payments that name none. */
export function useDefaultScenario() {
  return useQuery({
    queryKey: ["scenario"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/test/scenario", { signal })),
  });
}

export function useChooseScenario() {
  return useAction(
    (scenario: string | null) => answer(api.PUT("/api/v1/test/scenario", { body: { scenario } })),
    ({ scenario }) => (scenario ? `Payments now use ${scenario}` : "Payments use the scenario of their instrument"),
  );
}

export function useClock() {
  return useQuery({
    queryKey: ["clock"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/test/clock", { signal })),
    refetchInterval: WATCHED_MS,
  });
}

export function useAdvanceClock() {
  return useAction(
    (body: Partial<AdvanceClockRequest>) =>
      answer(api.POST("/api/v1/test/clock/advance", { body: { to_next: false, ...body } })),
    ({ steps, idle }) =>
      idle ? `The clock was advanced in ${steps} steps` : "The clock was advanced; some work is still in progress",
  );
}

export function useHoldClock() {
  return useAction(
    /** Without a time, at the current one. */
    (at?: string) => answer(api.POST("/api/v1/test/clock/set", { body: at ? { at } : {} })),
    () => "The clock is stopped",
  );
}

export function useReleaseClock() {
  return useAction(
    () => answer(api.POST("/api/v1/test/clock/release")),
    () => "The clock runs in real time",
  );
}

/** Callbacks of processors, and their effects. */
export function useCallbacks() {
  return useQuery({
    queryKey: ["callbacks"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/test/callbacks", { signal }))).data,
    refetchInterval: WATCHED_MS,
  });
}
