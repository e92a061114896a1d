/** What the pages read, and how often. All of it polls only while the page is in view. */

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";

import { ApiError, ask } from "./client";
import type { Delivery, Health, Merchant, Moment, Order, Page, Payment, Refund, Totals, WorkStatus } from "./types";

/** For what an operator watches. */
export const LIVE_MS = 2_500;
/** For what is large, or seldom changes. */
const SLOW_MS = 10_000;
/** `GET /payments/list` gives no more than this many, newest first. */
export const LIST_ROWS_MAX = 1000;
const PAGE_ROWS_MAX = 100;

const DECIDED = new Set(["success", "failed", "cancelled"]);

export function useMerchant() {
  return useQuery({
    queryKey: ["merchant"],
    queryFn: ({ signal }) => ask<Merchant>("/merchant/config", { signal }),
    // Somebody else may change it, by SQL too.
    refetchInterval: SLOW_MS,
  });
}

export function useTotals() {
  return useQuery({
    queryKey: ["payments", "totals"],
    queryFn: ({ signal }) => ask<Totals>("/payments/stats", { signal }),
    refetchInterval: LIVE_MS,
  });
}

export function usePaymentPage(page: number, rows: number, enabled = true) {
  return useQuery({
    queryKey: ["payments", "page", page, rows],
    queryFn: ({ signal }) => ask<Page<Payment>>(slice("/payments", page, rows), { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
    enabled,
  });
}

/** The newest payments, at most `LIST_ROWS_MAX`: what filters and charts look at. */
export function useRecentPayments(enabled = true) {
  return useQuery({
    queryKey: ["payments", "recent"],
    queryFn: ({ signal }) => ask<Payment[]>("/payments/list", { signal }),
    refetchInterval: (query) => ((query.state.data?.length ?? 0) > 200 ? SLOW_MS : LIVE_MS),
    enabled,
  });
}

export function usePayment(id: string) {
  return useQuery({
    queryKey: ["payment", id],
    queryFn: ({ signal }) => ask<Payment>(`/payments/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: (query) => (isMoving(query.state.data) ? 1_000 : LIVE_MS),
  });
}

/** A payment that is only looked up: for the currency of a refund. */
export function usePaymentOnce(id: string) {
  return useQuery({
    queryKey: ["payment", id],
    queryFn: ({ signal }) => ask<Payment>(`/payments/${encodeURIComponent(id)}`, { signal }),
    staleTime: Infinity,
  });
}

export function useTimeline(paymentId: string) {
  return useQuery({
    queryKey: ["payment", paymentId, "timeline"],
    queryFn: async ({ signal }) => {
      const path = `/payments/${encodeURIComponent(paymentId)}/timeline`;
      return (await ask<{ data: Moment[] }>(path, { signal })).data;
    },
    refetchInterval: LIVE_MS,
  });
}

export function useOrderPage(page: number, rows: number) {
  return useQuery({
    queryKey: ["orders", page, rows],
    queryFn: ({ signal }) => ask<Page<Order>>(slice("/orders", page, rows), { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });
}

export function useOrder(id: string) {
  return useQuery({
    queryKey: ["order", id],
    queryFn: ({ signal }) => ask<Order>(`/orders/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: LIVE_MS,
  });
}

export function useRefundPage(page: number, rows: number) {
  return useQuery({
    queryKey: ["refunds", page, rows],
    queryFn: ({ signal }) => ask<Page<Refund>>(slice("/refunds", page, rows), { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });
}

/** A payment's refunds, among the newest thousand of all. */
export function useRefundsOf(paymentId: string) {
  return useQuery({
    queryKey: ["refunds", "of", paymentId],
    queryFn: ({ signal }) => refundsOf(paymentId, signal),
    refetchInterval: LIVE_MS,
  });
}

export function useDeliveryPage(page: number, rows: number) {
  return useQuery({
    queryKey: ["deliveries", page, rows],
    queryFn: ({ signal }) => ask<Page<Delivery>>(slice("/webhooks", page, rows), { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });
}

/** Not to be had in production, where it answers 404 and is not asked for again. */
export function useWorkStatus() {
  return useQuery({
    queryKey: ["work"],
    queryFn: ({ signal }) => ask<WorkStatus>("/test/jobs/status", { signal }),
    refetchInterval: ({ state }) => (isRefused(state.error) ? false : LIVE_MS),
  });
}

export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => ask<Health>("/health", { credentials: null, signal }),
    refetchInterval: LIVE_MS,
  });
}

/** Ask again for everything on the page, after something was done. */
export function useRefresh(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries();
}

/** Whether the processor still has to say how it ends. */
export function isMoving(payment: Payment | undefined): boolean {
  return payment !== undefined && !DECIDED.has(payment.substatus) && payment.substatus !== "authorized";
}

/** Whether the API answered that it will not, as opposed to not answering. */
export function isRefused(error: Error | null): boolean {
  return error instanceof ApiError && !error.isTemporary;
}

function slice(path: string, page: number, rows: number): string {
  return `${path}?limit=${rows}&offset=${page * rows}`;
}

async function refundsOf(paymentId: string, signal: AbortSignal): Promise<Refund[]> {
  const found: Refund[] = [];
  for (let page = 0; page * PAGE_ROWS_MAX < LIST_ROWS_MAX; page += 1) {
    const answer = await ask<Page<Refund>>(slice("/refunds", page, PAGE_ROWS_MAX), { signal });
    found.push(...answer.data.filter((refund) => refund.payment_id === paymentId));
    if ((page + 1) * PAGE_ROWS_MAX >= answer.total) break;
  }
  return found;
}
