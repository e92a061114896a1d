/** Webhook deliveries, retries, and the merchant's URL. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { SELDOM_MS, WATCHED_MS } from "../live/polling";
import { useAction } from "./action";
import { answer, api } from "./client";
import { filled, pageOf, queryOf, type QueryOf, type Slice, type Typed } from "./pages";
import type { RecoverRequest } from "./schema";

type Deliveries = Omit<QueryOf<"/api/v1/webhooks">, keyof Slice>;

export function useDeliveries(typed: Typed<Deliveries>, slice: Slice) {
  const query = { ...filled<Deliveries>(typed), ...queryOf(slice) };
  return useQuery({
    queryKey: ["deliveries", query],
    queryFn: async ({ signal }) => pageOf(await answer(api.GET("/api/v1/webhooks", { params: { query }, signal }))),
    placeholderData: keepPreviousData,
    refetchInterval: WATCHED_MS,
  });
}

export function useDelivery(id: string) {
  return useQuery({
    queryKey: ["deliveries", "one", id],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/webhooks/{delivery_id}", { params: { path: { delivery_id: id } }, signal })),
    refetchInterval: WATCHED_MS,
  });
}

export function useRetryDelivery() {
  return useAction(
    ({ id }: { id: string }) =>
      answer(api.POST("/api/v1/webhooks/{delivery_id}/retry", { params: { path: { delivery_id: id } } })),
    () => "Retry queued",
  );
}

export function useRecover() {
  return useAction(
    (body: RecoverRequest) => answer(api.POST("/api/v1/webhooks/recover", { body })),
    ({ dry_run, resent }) => (dry_run ? null : `Sending ${resent.toLocaleString("en-IN")} again`),
  );
}

export function useMerchant() {
  return useQuery({
    queryKey: ["endpoints", "merchant"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/merchant/config", { signal })),
    // It may be changed elsewhere, also by SQL.
    refetchInterval: SELDOM_MS,
  });
}

export function useSaveMerchantUrl() {
  return useAction(
    (body: { webhook_url?: string | null; webhook_secret?: string }) =>
      answer(api.PATCH("/api/v1/merchant/webhook", { body })),
    () => "Webhook settings saved",
  );
}

export function useRegenerateSecret() {
  return useAction(
    () => answer(api.POST("/api/v1/merchant/webhook/regenerate")),
    () => null,
  );
}

export function useSendTestEvent() {
  return useAction(
    () => answer(api.POST("/api/v1/merchant/webhook/test", { body: {} })),
    () => "Test webhook queued",
  );
}
