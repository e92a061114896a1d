import type { Payment } from "../../api/schema";

/** The refundable amount in minor units. */
export function refundable(payment: Payment): number {
  if (payment.status !== "success") return 0;
  return Math.max(0, payment.amount_captured - payment.amount_refunded);
}
