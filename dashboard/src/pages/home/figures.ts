/** Lists to the figures that the charts draw. Pure, so that what is drawn can be checked. */

import type { Delivery, Payment } from "../../api/types";
import type { Share } from "../../charts/ShareBar";

export interface Range {
  name: string;
  bucketMs: number;
  buckets: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const RANGES: [Range, ...Range[]] = [
  { name: "1 h", bucketMs: 2 * MINUTE, buckets: 30 },
  { name: "24 h", bucketMs: HOUR, buckets: 24 },
  { name: "7 d", bucketMs: 6 * HOUR, buckets: 28 },
  { name: "30 d", bucketMs: DAY, buckets: 30 },
];

export interface Bucket {
  /** Its beginning, in ms. */
  at: number;
  succeeded: number;
  "under way": number;
  failed: number;
}

/** How many payments began in each stretch of the range that ends now. */
export function volume(payments: Payment[], { bucketMs, buckets }: Range, now: number): Bucket[] {
  const end = Math.floor(now / bucketMs) * bucketMs;
  const start = end - (buckets - 1) * bucketMs;
  const counted = Array.from({ length: buckets }, (_, place) => ({
    at: start + place * bucketMs,
    succeeded: 0,
    "under way": 0,
    failed: 0,
  }));
  for (const payment of payments) {
    const bucket = counted[Math.floor((Date.parse(payment.created_at) - start) / bucketMs)];
    if (bucket) bucket[lineOf(payment.status)] += 1;
  }
  return counted;
}

/** What succeeded, by currency, in minor units. */
export function received(payments: Payment[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { status, amount, currency } of payments) {
    if (status === "success") sums.set(currency, (sums.get(currency) ?? 0) + amount);
  }
  return sums;
}

export interface MethodRate {
  method: string;
  succeeded: number;
  decided: number;
}

/** Of each method's decided payments, how many succeeded; the most used method first. */
export function ratesByMethod(payments: Payment[]): MethodRate[] {
  const rates = new Map<string, MethodRate>();
  for (const { method, status } of payments) {
    if (status !== "success" && status !== "failed") continue;
    const rate = rates.get(method) ?? { method, succeeded: 0, decided: 0 };
    rate.decided += 1;
    if (status === "success") rate.succeeded += 1;
    rates.set(method, rate);
  }
  return [...rates.values()].sort((one, other) => other.decided - one.decided);
}

export function deliveryShares(deliveries: Delivery[]): Share[] {
  const having = (status: string) => deliveries.filter((delivery) => delivery.status === status).length;
  return [
    { name: "delivered", number: having("success"), tone: "good" },
    { name: "under way", number: having("pending"), tone: "busy" },
    { name: "given up", number: having("failed"), tone: "bad" },
  ];
}

function lineOf(status: string): "succeeded" | "under way" | "failed" {
  if (status === "success") return "succeeded";
  return status === "failed" ? "failed" : "under way";
}
