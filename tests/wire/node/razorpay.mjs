// The official Node package, unchanged but for its base URL. Prints what it got as one JSON object.
import Razorpay from "razorpay";

const { PAYGATE_WIRE: url, PAYGATE_API_KEY: key_id, PAYGATE_API_SECRET: key_secret } = process.env;
const client = new Razorpay({ key_id, key_secret });
client.api.rq.defaults.baseURL = url;

const card = { number: "4000010000000019", name: "Asha Rao", expiry_month: 12, expiry_year: 35, cvv: 123 };
const details = { amount: 50_000, currency: "INR", email: "a@b.example", contact: "9999999999", method: "card" };

const order = await client.orders.create({ amount: 50_000, currency: "INR", receipt: "tea-1", notes: { sku: "tea" } });
const made = await client.payments.createPaymentJson({ ...details, order_id: order.id, card });
const held = await client.payments.fetch(made.razorpay_payment_id);
const captured = await client.payments.capture(held.id, 50_000, "INR");
const refund = await client.payments.refund(held.id, { amount: 20_000 });
const refunds = await client.payments.fetchMultipleRefund(held.id);
const listed = await client.orders.all({ count: 1 });
const declined = await client.payments
  .createPaymentJson({ ...details, order_id: listed.items[0].id, card: { ...card, number: "4000010000000100" } })
  .catch((error) => error);
const missing = await client.payments.fetch("pay_0000000000000000").catch((error) => error);
const unsupported = await client.plans.all({}).catch((error) => error);

console.log(
  JSON.stringify({
    signs: Razorpay.validateWebhookSignature(
      `${made.razorpay_order_id}|${made.razorpay_payment_id}`,
      made.razorpay_signature,
      key_secret,
    ),
    order: [order.status, order.notes.sku],
    statuses: [held.status, captured.status],
    refund: [refund.amount, refunds.count, refunds.items[0].id === refund.id],
    listed: [listed.count, listed.items[0].id === order.id],
    errors: [declined, missing, unsupported].map(({ statusCode, error }) => [statusCode, error.code]),
  }),
);
