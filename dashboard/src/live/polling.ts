/** How often the pages poll the API: less often while events arrive. */

import { isLive } from "./stream";

const POLL_MS = 2_500;
const LIVE_POLL_MS = 15_000;

/** Interval for data with events: payments, orders, refunds. */
export function byEvents(): number {
  return isLive() ? LIVE_POLL_MS : POLL_MS;
}

/** Interval for data without events: deliveries, work, health. */
export const WATCHED_MS = POLL_MS;
/** Interval for data that is large or rarely changes. */
export const SELDOM_MS = 15_000;
