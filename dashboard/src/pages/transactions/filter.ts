/** What the list of payments is narrowed to. It lives in the address, so that it can be sent to a colleague. */

import { useSearchParams } from "react-router";

import type { Payment } from "../../api/types";
import { reasonOf } from "../../format/words";

export interface FilterValues {
  /** In ids, instruments and the reason of a failure. */
  q: string;
  status: string;
  method: string;
}

const NONE: FilterValues = { q: "", status: "", method: "" };

export function isAnySet(filters: FilterValues): boolean {
  return Object.values(filters).some((value) => value !== "");
}

export function matches(payment: Payment, { q, status, method }: FilterValues): boolean {
  if (status && payment.status !== status) return false;
  if (method && payment.method !== method) return false;
  return isIn(q, payment);
}

/** The filters and the page number in the address, and ways to change them. */
export function useFilters() {
  const [query, setQuery] = useSearchParams();
  const filters = Object.fromEntries(
    Object.keys(NONE).map((name) => [name, query.get(name) ?? ""]),
  ) as unknown as FilterValues;
  const page = Math.max(0, Number.parseInt(query.get("page") ?? "1", 10) - 1) || 0;

  const change = (changed: Partial<FilterValues>) => {
    const next = Object.entries({ ...filters, ...changed }).filter(([, value]) => value !== "");
    // A word that is being typed is no place to go back to.
    setQuery(next, { replace: true });
  };
  const turn = (to: number) => {
    setQuery((before) => {
      before.set("page", String(to + 1));
      return before;
    });
  };
  return { filters, page, change, turn };
}

function isIn(q: string, payment: Payment): boolean {
  const wanted = q.trim().toLowerCase();
  if (!wanted) return true;
  const { id, order_id, vpa, card_network, card_last4, error_description, decline_code } = payment;
  const reason = payment.status === "failed" ? reasonOf(payment) : null;
  return [id, order_id, vpa, card_network, card_last4, error_description, decline_code, reason].some((text) =>
    text?.toLowerCase().includes(wanted),
  );
}
