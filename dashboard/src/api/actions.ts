/** What the pages do. Every one refreshes the page and says in a notice how it went. */

import { useMutation } from "@tanstack/react-query";

import { useNotices } from "../ui/Notices";
import { ApiError, ask } from "./client";
import { useRefresh } from "./queries";
import type { Delivery, Merchant, Order, Payment, Refund } from "./types";

interface NewOrder {
  amount: number;
  currency: string;
  receipt?: string;
  capture?: "manual";
}

interface NewRefund {
  paymentId: string;
  amount: number;
  reason?: string;
  /** One for each time the form is opened: sending it twice refunds once. */
  idempotencyKey: string;
}

export interface NewPayment {
  order_id: string;
  method: string;
  [detail: string]: unknown;
}

/** A mutation that refreshes everything, and shows what `say` makes of the answer. */
function useAction<Input, Answer>(act: (input: Input) => Promise<Answer>, say: (answer: Answer) => string | null) {
  const refresh = useRefresh();
  const { show } = useNotices();
  return useMutation<Answer, Error, Input>({
    mutationFn: act,
    onSuccess: (answer) => {
      refresh();
      const text = say(answer);
      if (text) show({ kind: "done", text });
    },
    onError: (error) => {
      // Fields tell their own faults.
      if (!(error instanceof ApiError && error.field)) show({ kind: "failed", text: error.message });
    },
  });
}

export function useCapture(paymentId: string) {
  return useAction(
    (idempotencyKey: string) =>
      ask<Payment>(`/payments/${paymentId}/capture`, { method: "POST", body: {}, idempotencyKey }),
    () => "Captured",
  );
}

export function useCancel(paymentId: string) {
  return useAction(
    () => ask<Payment>(`/payments/${paymentId}/cancel`, { method: "POST", body: {} }),
    () => "The hold is being released",
  );
}

export function useCreateRefund() {
  return useAction(
    ({ paymentId, idempotencyKey, ...body }: NewRefund) =>
      ask<Refund>(`/payments/${paymentId}/refunds`, { method: "POST", body, idempotencyKey }),
    () => "Refund requested",
  );
}

export function useCreateOrder() {
  return useAction(
    (body: NewOrder) => ask<Order>("/orders", { method: "POST", body }),
    () => null,
  );
}

export function useCreatePayment() {
  return useAction(
    (body: NewPayment) => ask<Payment>("/payments", { method: "POST", body }),
    () => null,
  );
}

export function useSaveEndpoint() {
  return useAction(
    (body: { webhook_url?: string | null; webhook_secret?: string }) =>
      ask<Merchant>("/merchant/webhook", { method: "PATCH", body }),
    () => "Webhook settings saved",
  );
}

export function useRegenerateSecret() {
  return useAction(
    () => ask<Merchant>("/merchant/webhook/regenerate", { method: "POST", body: {} }),
    () => null,
  );
}

export function useSendTestEvent() {
  return useAction(
    () => ask<{ id: string }>("/merchant/webhook/test", { method: "POST", body: {} }),
    () => "Test webhook on its way",
  );
}

export function useRetryDelivery() {
  return useAction(
    (delivery: Delivery) => ask<{ id: string }>(`/webhooks/${delivery.id}/retry`, { method: "POST", body: {} }),
    () => "Sending it again",
  );
}
