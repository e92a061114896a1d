/** Payments, orders and refunds: queries and mutations. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { byEvents, SELDOM_MS, WATCHED_MS } from "../live/polling";
import { useAction } from "./action";
import { answer, api, newKey, once } from "./client";
import { filled, pageOf, queryOf, type QueryOf, type Slice, type Typed } from "./pages";
import type { Order, OrderInFull, OrderRequest, paths, Payment, PayerRequest, SettleRequest } from "./schema";

/** `GET /payments/list` returns at most this many, newest first. */
export const LIST_ROWS_MAX = 1000;

type Payments = Omit<QueryOf<"/api/v1/payments">, keyof Slice>;
type Orders = Omit<QueryOf<"/api/v1/orders">, keyof Slice>;
type Refunds = Omit<QueryOf<"/api/v1/refunds">, keyof Slice>;

const DECIDED = new Set(["success", "failed", "cancelled"]);

/** Whether the payment is pending. */
export function isMoving(payment: Payment | undefined): boolean {
  return payment !== undefined && !DECIDED.has(payment.substatus) && payment.substatus !== "authorized";
}

export function useTotals() {
  return useQuery({
    queryKey: ["payments", "totals"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/payments/stats", { signal })),
    refetchInterval: byEvents,
  });
}

export function usePayments(typed: Typed<Payments>, slice: Slice) {
  const query = { ...filled<Payments>(typed), ...queryOf(slice) };
  return useQuery({
    queryKey: ["payments", "page", query],
    queryFn: async ({ signal }) => pageOf(await answer(api.GET("/api/v1/payments", { params: { query }, signal }))),
    placeholderData: keepPreviousData,
    refetchInterval: byEvents,
  });
}

/** The newest payments, at most `LIST_ROWS_MAX`: for totals that no route has. */
export function useAmounts() {
  return useQuery({
    queryKey: ["amounts"],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/payments/list", { signal })),
    refetchInterval: SELDOM_MS,
  });
}

export function usePayment(id: string) {
  return useQuery({
    queryKey: ["payment", id],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/payments/{payment_id}", { params: { path: { payment_id: id } }, signal })),
    // Some state changes have no event.
    refetchInterval: (query) => (isMoving(query.state.data) ? 1_000 : byEvents()),
  });
}

/** A payment, only for the currency of a refund. */
export function usePaymentOnce(id: string) {
  return useQuery({
    queryKey: ["payment", id],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/payments/{payment_id}", { params: { path: { payment_id: id } }, signal })),
    staleTime: Infinity,
  });
}

export function useTimeline(id: string) {
  return useQuery({
    queryKey: ["payment", id, "timeline"],
    queryFn: ({ signal }) =>
      answer(api.GET("/api/v1/payments/{payment_id}/timeline", { params: { path: { payment_id: id } }, signal })),
    refetchInterval: WATCHED_MS,
  });
}

export function useOrders(typed: Typed<Orders>, slice: Slice) {
  const query = { ...filled<Orders>(typed), ...queryOf(slice) };
  return useQuery({
    queryKey: ["orders", query],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/orders", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: byEvents,
  });
}

export function useOrder(id: string) {
  return useQuery({
    queryKey: ["order", id],
    queryFn: async ({ signal }): Promise<Order & Partial<OrderInFull>> =>
      answer(api.GET("/api/v1/orders/{order_id}", { params: { path: { order_id: id } }, signal })),
    refetchInterval: byEvents,
  });
}

export function useRefunds(typed: Typed<Refunds>, slice: Slice) {
  const query = { ...filled<Refunds>(typed), ...queryOf(slice) };
  return useQuery({
    queryKey: ["refunds", query],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/refunds", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: byEvents,
  });
}

/** Operations in manual review. */
export function useReviews() {
  return useQuery({
    queryKey: ["payments", "reviews"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/operations/review", { signal }))).data,
    refetchInterval: byEvents,
  });
}

export function useCapture(id: string) {
  return useAction(
    (amount: number | null) =>
      answer(
        api.POST("/api/v1/payments/{payment_id}/capture", {
          params: { path: { payment_id: id }, header: once(newKey()) },
          body: { ...(amount === null ? {} : { amount }), final: true },
        }),
      ),
    () => "Captured",
  );
}

export function useCancel(id: string) {
  return useAction(
    () =>
      answer(
        api.POST("/api/v1/payments/{payment_id}/cancel", {
          params: { path: { payment_id: id }, header: once(newKey()) },
        }),
      ),
    () => "The authorization is being voided",
  );
}

interface NewRefund {
  amount: number;
  reason?: string;
  /** One key per opened form: sending it twice refunds once. */
  key: string;
}

export function useCreateRefund(id: string) {
  return useAction(
    ({ key, ...body }: NewRefund) =>
      answer(
        api.POST("/api/v1/payments/{payment_id}/refunds", {
          params: { path: { payment_id: id }, header: once(key) },
          body,
        }),
      ),
    () => "Refund requested",
  );
}

export function useSettle(operationId: string) {
  return useAction(
    (body: SettleRequest) =>
      answer(
        api.POST("/api/v1/operations/{operation_id}/settle", {
          params: { path: { operation_id: operationId }, header: once(newKey()) },
          body,
        }),
      ),
    () => "Settled",
  );
}

/** Decide in the payer's place, at a simulated processor. */
export function usePlayPayer(id: string) {
  return useAction(
    (decision: PayerRequest["decision"]) =>
      answer(
        api.POST("/api/v1/test/payments/{payment_id}/payer", {
          params: { path: { payment_id: id } },
          body: { decision },
        }),
      ),
    () => "The payer has decided",
  );
}

export function useCreateOrder() {
  return useAction(
    (body: OrderRequest) => answer(api.POST("/api/v1/orders", { body })),
    () => null,
  );
}

type PaymentBody = paths["/api/v1/payments"]["post"]["requestBody"]["content"]["application/json"];

export interface NewPayment {
  order_id: string;
  method: string;
  [detail: string]: unknown;
}

export function useCreatePayment() {
  return useAction(
    ({ scenario, body }: { scenario: string; body: NewPayment }) =>
      answer(
        api.POST("/api/v1/payments", {
          headers: scenario ? { "Paygate-Scenario": scenario } : {},
          // The method defines the fields.
          body: body as unknown as PaymentBody,
        }),
      ),
    () => null,
  );
}
