/** What simulated processors play, and the gateway's clock. Not there in production. */

import { useQuery } from "@tanstack/react-query";

import { WATCHED_MS } from "../live/pace";
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

/** What payments play that name nothing. */
export function useDefaultScenario() {
  return useQuery({
    queryKey: ["scenario"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/test/scenario", { signal })),
  });
}

export function useChooseScenario() {
  return useAction(
    (scenario: string | null) => answer(api.PUT("/api/v1/test/scenario", { body: { scenario } })),
    ({ scenario }) => (scenario ? `Payments now play ${scenario}` : "Payments play what their instrument says"),
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
      idle ? `The clock moved on, past ${steps} moments of work` : "The clock moved on; some work is still under way",
  );
}

export function useHoldClock() {
  return useAction(
    /** Without a moment: where it is. */
    (at?: string) => answer(api.POST("/api/v1/test/clock/set", { body: at ? { at } : {} })),
    () => "The clock stands still",
  );
}

export function useReleaseClock() {
  return useAction(
    () => answer(api.POST("/api/v1/test/clock/release")),
    () => "The clock shows the real time",
  );
}

/** What processors sent by themselves, and what became of it. */
export function useCallbacks() {
  return useQuery({
    queryKey: ["callbacks"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/test/callbacks", { signal }))).data,
    refetchInterval: WATCHED_MS,
  });
}
