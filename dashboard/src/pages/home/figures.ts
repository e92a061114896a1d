/** Converts the overview's figures to chart data. Pure functions, so that they can be tested. */

import type { Overview, Payment, VolumeBucket } from "../../api/schema";
import type { Share } from "../../charts/ShareBar";
import type { Bucket } from "../../charts/VolumeChart";

export const RANGES = [
  [1, "1 h"],
  [24, "24 h"],
  [168, "7 d"],
  [720, "30 d"],
] as const;

export type Hours = (typeof RANGES)[number][0];

/** All intervals of the period, including those without payments. */
export function buckets({ from, to, bucket_s, volume }: Overview): Bucket[] {
  const step = bucket_s * 1000;
  const points = new Map(volume.map((point) => [Math.floor(Date.parse(point.at) / step), point]));
  const first = Math.floor(Date.parse(from) / step);
  const last = Math.floor((Date.parse(to) - 1) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => {
    return bucket((first + place) * step, points.get(first + place));
  });
}

function bucket(at: number, point: VolumeBucket | undefined): Bucket {
  const { payments = 0, succeeded = 0, failed = 0 } = point ?? {};
  return { at, succeeded, failed, pending: Math.max(0, payments - succeeded - failed) };
}

/** Successful amounts by currency, in minor units. */
export function received(payments: Payment[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { status, amount, currency } of payments) {
    if (status === "success") sums.set(currency, (sums.get(currency) ?? 0) + amount);
  }
  return sums;
}

export function methodShares({ succeeded, failed }: { succeeded: number; failed: number }): Share[] {
  return [
    { name: "succeeded", number: succeeded, tone: "good" },
    { name: "failed", number: failed, tone: "bad" },
  ];
}

export function deliveryShares({ pending, succeeded, failed }: Overview["deliveries"]): Share[] {
  return [
    { name: "delivered", number: succeeded, tone: "good" },
    { name: "pending", number: pending, tone: "busy" },
    { name: "failed", number: failed, tone: "bad" },
  ];
}

/** The success rate of final payments, such as `67%`. */
export function percent(part: number, whole: number): string {
  return `${Math.round((part / Math.max(1, whole)) * 100)}%`;
}
