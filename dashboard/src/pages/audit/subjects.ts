/** The pages of subjects of the audit log. */

import type { AuditEntry } from "../../api/schema";

const PAGES: Record<string, (id: string) => string> = {
  payment: (id) => `/dashboard/transactions/${id}`,
  payment_link: () => "/dashboard/payment-links",
  order: (id) => `/dashboard/orders/${id}`,
  delivery: (id) => `/dashboard/webhooks/${id}`,
  endpoint: (id) => `/dashboard/endpoints/${id}`,
  plugin: (id) => `/dashboard/plugins/${id}`,
  refund: () => "/dashboard/refunds",
  key: () => "/dashboard/keys",
  user: () => "/dashboard/team",
};

const PREFIXES: [prefix: string, page: (id: string) => string][] = [
  ["pay_", (id) => `/dashboard/transactions/${id}`],
  ["order_", (id) => `/dashboard/orders/${id}`],
];

/** Returns the subject's page by its id, its details, or the action's first word; null without one. */
export function placeOf({ action, subject, detail }: AuditEntry): string | null {
  for (const id of [subject, ...Object.values(detail)]) {
    const page = PREFIXES.find(([prefix]) => typeof id === "string" && id.startsWith(prefix))?.[1];
    if (page) return page(encodeURIComponent(String(id)));
  }
  return (subject && PAGES[action.split(".")[0] ?? ""]?.(encodeURIComponent(subject))) || null;
}
