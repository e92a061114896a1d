/** Asking until there is an answer, however long the network is away. */

import { Unreachable } from "./api.ts";

const PAUSE_MS_FIRST = 500;
const PAUSE_MS_MAX = 4000;

/** Told to the window when the shopper looks at this page again. */
export const SHOPPER_IS_BACK = "paygate:back";
const COMES_BACK = ["online", SHOPPER_IS_BACK];

export interface Network {
  /** Told each time nothing came back. */
  lost(): void;
  /** Told when something did, after it had been lost. */
  back(): void;
}

/** Wait; a network or a shopper that comes back ends the wait. */
export type Pause = (ms: number) => Promise<void>;

export const pause: Pause = (ms) =>
  new Promise((resume) => {
    const done = (): void => {
      clearTimeout(timer);
      for (const event of COMES_BACK) window.removeEventListener(event, done);
      resume();
    };
    const timer = setTimeout(done, ms);
    for (const event of COMES_BACK) window.addEventListener(event, done);
  });

/** The answer. A definite refusal is thrown, the want of an answer never. */
export async function patiently<Answer>(
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
