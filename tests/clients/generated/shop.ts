// A shop that uses the types of openapi-typescript. Prints what it got as one JSON object.
import createClient from "openapi-fetch";

import type { paths } from "./schema.js";

declare const process: { env: Record<string, string> };
const { PAYGATE_URL: baseUrl, PAYGATE_API_KEY: key, PAYGATE_API_SECRET: secret } = process.env;
if (!baseUrl || !key || !secret) throw new Error("PAYGATE_URL, PAYGATE_API_KEY and PAYGATE_API_SECRET are needed");
const client = createClient<paths>({ baseUrl, headers: { "X-Api-Key": key, "X-Api-Secret": secret } });

const order = await client.POST("/api/v1/orders", { body: { amount: 50_000, currency: "INR", notes: { sku: "tea" } } });
if (!order.data) throw new Error(order.error.error.description);
const made = await client.POST("/api/v1/payments", {
  body: { order_id: order.data.id, method: "upi", flow: "collect", vpa: "approve@sim" },
  params: { query: { wait: 20 }, header: { "Idempotency-Key": "tea-1" } },
});
if (!made.data) throw new Error(made.error.error.description);
const path = { payment_id: made.data.id };
const payment = await client.GET("/api/v1/payments/{payment_id}", { params: { path } });
if (!payment.data) throw new Error(payment.error.error.description);
const refund = await client.POST("/api/v1/payments/{payment_id}/refunds", {
  params: { path },
  body: { amount: 20_000, reason: "one cup broke" },
});
if (!refund.data) throw new Error(refund.error.error.description);
const refused = await client.POST("/api/v1/orders", { body: { amount: 1, currency: "INR" } });
const missing = await client.GET("/api/v1/payments/{payment_id}", {
  params: { path: { payment_id: "pay_0000000000000000" } },
});

console.log(
  JSON.stringify({
    order: [order.data.status, order.data.amount],
    payment: [payment.data.status, payment.data.vpa, payment.data.amount_captured],
    refund: [refund.data.payment_id === payment.data.id, refund.data.amount],
    errors: [refused, missing].map(({ response, error }) => [response.status, error?.error.code, error?.error.field]),
  }),
);
