/** Payment links: queries and mutations. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { byEvents } from "../live/polling";
import { useAction } from "./action";
import { answer, api, newKey, once } from "./client";
import { filled, queryOf, type QueryOf, type Slice, type Typed } from "./pages";
import type { PaymentLink, PaymentLinkRequest } from "./schema";

type Links = Omit<QueryOf<"/api/v1/payment-links">, keyof Slice>;

export function usePaymentLinks(typed: Typed<Links>, slice: Slice) {
  const query = { ...filled<Links>(typed), ...queryOf(slice) };
  return useQuery({
    queryKey: ["links", query],
    queryFn: ({ signal }) => answer(api.GET("/api/v1/payment-links", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: byEvents,
  });
}

interface NewLink {
  body: PaymentLinkRequest;
  /** One key per opened form: sending it twice creates one link. */
  key: string;
}

export function useCreateLink() {
  return useAction(
    ({ key, body }: NewLink) => answer(api.POST("/api/v1/payment-links", { params: { header: once(key) }, body })),
    () => null,
  );
}

export function useCancelLink() {
  return useAction(
    ({ id }: PaymentLink) =>
      answer(
        api.POST("/api/v1/payment-links/{link_id}/cancel", {
          params: { path: { link_id: id }, header: once(newKey()) },
        }),
      ),
    (link) => (link.payment_in_progress ? "Cancelled; a payment in progress may still succeed" : "Cancelled"),
  );
}
