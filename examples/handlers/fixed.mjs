// The same handler without the mistakes of `naive.mjs`. `paygate chaos` finds none.
// A real shop keeps `received` and `payments` in its database, and changes both in one transaction.
import { serve } from "./shop_server.mjs";

// A status only moves to one that is further to the right.
const STATUSES = ["pending", "failed", "success"];
const NEW_STATUS = { "payment.success": "success", "payment.failed": "failed" };
const received = new Set();
const payments = new Map();

function books(paymentId) {
  if (!payments.has(paymentId)) {
    payments.set(paymentId, { status: "pending", amount_paid: 0, amount_refunded: 0 });
  }
  return payments.get(paymentId);
}

function receive(eventId, { event, data }) {
  if (received.has(eventId)) return;
  const entry = books(data.payment_id);
  if (event === "payment.success") entry.amount_paid += data.amount;
  if (event === "refund.processed") entry.amount_refunded += data.amount;
  const newer = NEW_STATUS[event] ?? "pending";
  if (STATUSES.indexOf(newer) > STATUSES.indexOf(entry.status)) entry.status = newer;
  received.add(eventId);
}

serve({ books, receive });
