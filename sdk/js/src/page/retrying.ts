/** Retries until there is a response, however long the network is down. */

import { Unreachable } from "./api.ts";

const PAUSE_MS_FIRST = 500;
const PAUSE_MS_MAX = 4000;

/** Dispatched to the window when the shopper returns to this page. */
export const SHOPPER_IS_BACK = "paygate:back";
const RETURN_EVENTS = ["online", SHOPPER_IS_BACK];

export interface Network {
  /** Called after each request without a response. */
  lost(): void;
  /** Called after the first response that follows. */
  back(): void;
}

/** Waits; the wait ends early if the network or the shopper returns. */
export type Pause = (ms: number) => Promise<void>;

export const pause: Pause = (ms) =>
  new Promise((resume) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const event of RETURN_EVENTS) window.removeEventListener(event, done);
      resume();
    };
    const timer = setTimeout(done, ms);
    for (const event of RETURN_EVENTS) window.addEventListener(event, done);
  });

/** Returns the response. Throws definite errors, never a missing response. */
export async function untilAnswered<Answer>(
  ask: () => Promise<Answer>,
  network: Network,
  wait: Pause = pause,
): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    try {
      const answer = await ask();
      network.back();
      return answer;
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        network.back();
        throw error;
      }
      network.lost();
      await wait(Math.min(PAUSE_MS_FIRST * 2 ** tries, PAUSE_MS_MAX));
    }
  }
}
