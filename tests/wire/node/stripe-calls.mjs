// Calls of the official Node package, one after the other. Prints the status of each: 200, or that of its error.
// It takes a host name only, so the dialect's prefix is put before each path.
import Stripe from "stripe";

const { PAYGATE_WIRE, PAYGATE_API_KEY, PAYGATE_API_SECRET } = process.env;
const { hostname: host, port, pathname } = new URL(PAYGATE_WIRE);
const stripe = new Stripe(`sk_test_${PAYGATE_API_KEY}:${PAYGATE_API_SECRET}`, {
  host,
  port,
  protocol: "http",
  maxNetworkRetries: 0,
  httpClient: Stripe.createFetchHttpClient((url, given) => {
    const { origin, pathname: path, search } = new URL(url);
    return fetch(`${origin}${pathname}${path}${search}`, given);
  }),
});
const version = Stripe.PACKAGE_VERSION;

const intent = { amount: 2000, currency: "usd" };
const held = { ...intent, capture_method: "manual", payment_method: "pm_card_visa" };
const card = { type: "card", card: { token: "tok_visa" } };
const price = { currency: "usd", unit_amount: 700, product_data: { name: "Tea" } };
const items = [{ price_data: price, quantity: 1 }];
const sale = { mode: "payment", success_url: "https://shop.example", line_items: items };
const note = { metadata: { a: "b" } };
const one = { limit: 1 };
const of = {};
const id = (name) => of[name].id;

const CALLS = {
  "customers.create": () => stripe.customers.create({ email: "a@b.example" }),
  "customers.retrieve": () => stripe.customers.retrieve(id("customers.create")),
  "customers.update": () => stripe.customers.update(id("customers.create"), note),
  "customers.list": () => stripe.customers.list(one),
  "customers.search": () => stripe.customers.search({ query: "email:'a'" }),
  "paymentMethods.create": () => stripe.paymentMethods.create(card),
  "paymentMethods.retrieve": () => stripe.paymentMethods.retrieve(id("paymentMethods.create")),
  "paymentMethods.update": () => stripe.paymentMethods.update(id("paymentMethods.create"), note),
  "paymentMethods.attach": () =>
    stripe.paymentMethods.attach(id("paymentMethods.create"), { customer: id("customers.create") }),
  "paymentMethods.list": () => stripe.paymentMethods.list({ customer: id("customers.create") }),
  "customers.listPaymentMethods": () => stripe.customers.listPaymentMethods(id("customers.create")),
  "paymentMethods.detach": () => stripe.paymentMethods.detach(id("paymentMethods.create")),
  "paymentIntents.create": () => stripe.paymentIntents.create(held),
  "paymentIntents.retrieve": () => stripe.paymentIntents.retrieve(id("paymentIntents.create")),
  "paymentIntents.update": () => stripe.paymentIntents.update(id("paymentIntents.create"), note),
  "paymentIntents.list": () => stripe.paymentIntents.list(one),
  "paymentIntents.search": () => stripe.paymentIntents.search({ query: "amount:1" }),
  "paymentIntents.confirm": () => stripe.paymentIntents.confirm(id("paymentIntents.create")),
  "paymentIntents.capture": () => stripe.paymentIntents.capture(id("paymentIntents.create")),
  "paymentIntents.cancel": async () =>
    stripe.paymentIntents.cancel((await stripe.paymentIntents.create(intent)).id),
  "charges.retrieve": () => stripe.charges.retrieve(of["paymentIntents.confirm"].latest_charge),
  "charges.list": () => stripe.charges.list(one),
  "refunds.create": () => stripe.refunds.create({ charge: id("charges.retrieve") }),
  "refunds.retrieve": () => stripe.refunds.retrieve(id("refunds.create")),
  "refunds.update": () => stripe.refunds.update(id("refunds.create"), note),
  "refunds.list": () => stripe.refunds.list(one),
  "checkout.sessions.create": () => stripe.checkout.sessions.create(sale),
  "checkout.sessions.retrieve": () => stripe.checkout.sessions.retrieve(id("checkout.sessions.create")),
  "checkout.sessions.update": () => stripe.checkout.sessions.update(id("checkout.sessions.create"), note),
  "checkout.sessions.list": () => stripe.checkout.sessions.list(one),
  "checkout.sessions.listLineItems": () => stripe.checkout.sessions.listLineItems(id("checkout.sessions.create")),
  "checkout.sessions.expire": () => stripe.checkout.sessions.expire(id("checkout.sessions.create")),
  "events.list": () => stripe.events.list(one),
  "events.retrieve": () => stripe.events.retrieve(of["events.list"].data[0].id),
  "customers.del": () => stripe.customers.del(id("customers.create")),
  "balance.retrieve": () => stripe.balance.retrieve(),
  "disputes.list": () => stripe.disputes.list(one),
  "payouts.list": () => stripe.payouts.list(one),
  "products.create": () => stripe.products.create({ name: "Tea" }),
  "setupIntents.create": () => stripe.setupIntents.create(),
  "subscriptions.list": () => stripe.subscriptions.list(one),
  "testHelpers.testClocks.list": () => stripe.testHelpers.testClocks.list(one),
  "webhookEndpoints.list": () => stripe.webhookEndpoints.list(one),
};

const statuses = {};
for (const [name, call] of Object.entries(CALLS)) {
  try {
    of[name] = await call();
    statuses[name] = 200;
  } catch (error) {
    if (error.statusCode === undefined) throw error;
    statuses[name] = error.statusCode;
  }
}
console.log(JSON.stringify({ version, statuses }));
