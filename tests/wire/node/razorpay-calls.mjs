// Calls of the official Node package, one after the other. Prints the status of each: 200, or that of its error.
import { createRequire } from "node:module";
import Razorpay from "razorpay";

const { PAYGATE_WIRE: url, PAYGATE_API_KEY: key_id, PAYGATE_API_SECRET: key_secret } = process.env;
const client = new Razorpay({ key_id, key_secret });
client.api.rq.defaults.baseURL = url;
const { version } = createRequire(import.meta.url)("razorpay/package.json");

const card = { number: "4000010000000019", name: "Asha Rao", expiry_month: 12, expiry_year: 35, cvv: 123 };
const order = await client.orders.create({ amount: 50_000, currency: "INR" });
const upiOrder = await client.orders.create({ amount: 50_000, currency: "INR" });
const details = { amount: 50_000, currency: "INR", email: "a@b.example", contact: "9999999999" };
const byCard = { ...details, order_id: order.id, method: "card", card };
const byUpi = { ...details, order_id: upiOrder.id, method: "upi", upi: { flow: "collect", vpa: "approve@sim" } };
let payment, refund, customer;

const CALLS = {
  "orders.create": () => client.orders.create({ amount: 50_000, currency: "INR" }),
  "orders.fetch": () => client.orders.fetch(order.id),
  "orders.all": () => client.orders.all({ count: 1 }),
  "orders.edit": () => client.orders.edit(order.id, { notes: { a: "b" } }),
  "payments.createPaymentJson": async () => (payment = await client.payments.createPaymentJson(byCard)),
  "payments.createUpi": () => client.payments.createUpi(byUpi),
  "orders.fetchPayments": () => client.orders.fetchPayments(order.id),
  "payments.fetch": () => client.payments.fetch(payment.razorpay_payment_id),
  "payments.all": () => client.payments.all({ count: 1 }),
  "payments.fetchCardDetails": () => client.payments.fetchCardDetails(payment.razorpay_payment_id),
  "payments.capture": () => client.payments.capture(payment.razorpay_payment_id, 50_000, "INR"),
  "payments.edit": () => client.payments.edit(payment.razorpay_payment_id, { notes: { a: "b" } }),
  "payments.refund": async () => (refund = await client.payments.refund(payment.razorpay_payment_id, { amount: 100 })),
  "payments.fetchMultipleRefund": () => client.payments.fetchMultipleRefund(payment.razorpay_payment_id),
  "payments.fetchRefund": () => client.payments.fetchRefund(payment.razorpay_payment_id, refund.id),
  "refunds.fetch": () => client.refunds.fetch(refund.id),
  "refunds.all": () => client.refunds.all({ count: 1 }),
  "refunds.edit": () => client.refunds.edit(refund.id, { notes: { a: "b" } }),
  "customers.create": async () => (customer = await client.customers.create({ contact: "9999999999" })),
  "customers.fetch": () => client.customers.fetch(customer.id),
  "customers.edit": () => client.customers.edit(customer.id, { name: "Asha" }),
  "customers.all": () => client.customers.all({ count: 1 }),
  "paymentLink.create": () => client.paymentLink.create({ amount: 50_000, currency: "INR" }),
  "paymentLink.all": () => client.paymentLink.all({ count: 1 }),
  "settlements.all": () => client.settlements.all({}),
  "subscriptions.all": () => client.subscriptions.all({}),
};

const statuses = {};
for (const [name, call] of Object.entries(CALLS)) {
  statuses[name] = await call().then(
    () => 200,
    (error) => error.statusCode,
  );
}
console.log(JSON.stringify({ version, statuses }));
