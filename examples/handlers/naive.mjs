// A webhook handler with two common mistakes. `paygate chaos` finds both.
import { serve } from "./shop_server.mjs";

const STATUSES = {
  "payment.created": "pending",
  "payment.pending": "pending",
  "payment.success": "success",
  "payment.failed": "failed",
};
const payments = new Map();

function books(paymentId) {
  if (!payments.has(paymentId)) {
    payments.set(paymentId, { status: "pending", amount_paid: 0, amount_refunded: 0 });
  }
  return payments.get(paymentId);
}

function receive(_eventId, { event, data }) {
  const entry = books(data.payment_id);
  // The first mistake: an event that comes twice is counted twice.
  if (event === "payment.success") entry.amount_paid += data.amount;
  if (event === "refund.processed") entry.amount_refunded += data.amount;
  // The second: the event that comes last is taken for the newest.
  entry.status = STATUSES[event] ?? entry.status;
}

serve({ books, receive });
