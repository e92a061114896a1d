// The official Node package, unchanged but for its host. Prints what it got as one JSON object.
import Stripe from "stripe";

const { PAYGATE_URL, PAYGATE_API_KEY, PAYGATE_API_SECRET } = process.env;
const { hostname: host, port } = new URL(PAYGATE_URL);
const stripe = new Stripe(`sk_test_${PAYGATE_API_KEY}:${PAYGATE_API_SECRET}`, {
  host,
  port,
  protocol: "http",
  maxNetworkRetries: 0,
});

const pay = { amount: 2000, currency: "usd", confirm: true, payment_method: "pm_card_visa" };
const customer = await stripe.customers.create({ email: "a@b.example", metadata: { tier: "gold" } });
const made = await stripe.paymentIntents.create({ ...pay, customer: customer.id, expand: ["latest_charge"] });
const held = await stripe.paymentIntents.create({ ...pay, capture_method: "manual" });
const captured = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 1500 });
const asked = await stripe.paymentIntents.create({ ...pay, payment_method: "pm_card_authenticationRequired" });
const unpaid = await stripe.paymentIntents.create({ amount: 2000, currency: "usd" });
const cancelled = await stripe.paymentIntents.cancel(unpaid.id);
const refund = await stripe.refunds.create({ payment_intent: made.id, amount: 500 });
const listed = [];
for await (const intent of stripe.paymentIntents.list({ limit: 2 })) listed.push(intent.id);
const errors = [
  stripe.paymentIntents.create({ ...pay, payment_method: "pm_card_chargeDeclined" }),
  stripe.paymentIntents.retrieve("pi_unknown"),
  stripe.paymentIntents.create({ ...pay, amount: 2 }),
  stripe.payouts.list(),
].map((asked) => asked.then(String, ({ type, code, statusCode }) => [type, code, statusCode]));

const payload = JSON.stringify({ id: "evt_1", object: "event" });
const header = stripe.webhooks.generateTestHeaderString({ payload, secret: "whsec_x" });

console.log(
  JSON.stringify({
    customer: customer.metadata.tier,
    charge: [made.status, made.latest_charge.payment_method_details.card.last4],
    statuses: [held.status, captured.status, captured.amount_received, asked.status, cancelled.status],
    refund: [refund.amount, refund.object],
    listed: [listed.length, listed.includes(made.id)],
    errors: await Promise.all(errors),
    verifies: stripe.webhooks.constructEvent(payload, header, "whsec_x").id,
  }),
);
