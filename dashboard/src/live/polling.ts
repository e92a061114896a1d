/** How often what is shown is asked for: seldom while events come by themselves. */

import { isLive } from "./stream";

const POLL_MS = 2_500;
const LIVE_POLL_MS = 15_000;

/** For what events tell of: payments, orders, refunds. */
export function byEvents(): number {
  return isLive() ? LIVE_POLL_MS : POLL_MS;
}

/** For what no event tells of: deliveries and their tries, work, health. */
export const WATCHED_MS = POLL_MS;
/** For what is large, or seldom changes. */
export const SELDOM_MS = 15_000;
