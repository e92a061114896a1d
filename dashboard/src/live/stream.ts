/** The merchant's events as they happen, over one long answer.
 *
 * Read with `fetch`, because an `EventSource` hears only those events whose names it
 * was told, and plugins have their own. Closed while the page is out of view: a browser keeps
 * few connections to one server. It goes on where it stopped, so nothing is lost.
 */

import { apiOrigin } from "../told";

export interface Told {
  /** Its place in the stream. */
  cursor: string;
  /** `payment.success`. */
  event: string;
  data: unknown;
}

export type LiveState = "connecting" | "live" | "polling";

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** The server says something every 15 s, if only that it is there. */
const SILENCE_MS = 40_000;

const listeners = new Set<() => void>();
let state: LiveState = "connecting";

export function readLive(): LiveState {
  return state;
}

export function isLive(): boolean {
  return state === "live";
}

export function onLiveChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follow the stream until the answer is called. `missed` is called when events may have been. */
export function follow(tell: (told: Told) => void, missed: () => void): () => void {
  const over = new AbortController();
  void keepFollowing(tell, missed, over.signal).finally(() => change("connecting"));
  return () => over.abort();
}

async function keepFollowing(tell: (told: Told) => void, missed: () => void, over: AbortSignal): Promise<void> {
  let cursor: string | null = null;
  let wait = RETRY_MIN_MS;
  while (!over.aborted) {
    await inView(over);
    try {
      const status = await readOnce(cursor, over, (told) => {
        cursor = told.cursor;
        tell(told);
      });
      // Too old a place, or one of another database: begin again, and ask for everything once.
      if (status === 400) cursor = null;
      if (status === 401 || status === 404) return change("polling");
      wait = status === 200 ? RETRY_MIN_MS : Math.min(wait * 2, RETRY_MAX_MS);
      if (status !== 200) missed();
    } catch {
      wait = Math.min(wait * 2, RETRY_MAX_MS);
    }
    if (over.aborted) return;
    if (!document.hidden) change("polling");
    await pause(wait, over);
  }
}

/** One connection, to its end. */
async function readOnce(cursor: string | null, over: AbortSignal, tell: (told: Told) => void): Promise<number> {
  const closing = new AbortController();
  const signal = AbortSignal.any([over, closing.signal]);
  const hide = () => document.hidden && closing.abort();
  document.addEventListener("visibilitychange", hide);
  let silence = setTimeout(() => closing.abort(), SILENCE_MS);
  try {
    const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const response = await fetch(`${apiOrigin()}/api/v1/stream${query}`, { credentials: "include", signal });
    if (!response.ok || !response.body) return response.status;
    change("live");
    const parse = parser(tell);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(silence);
      silence = setTimeout(() => closing.abort(), SILENCE_MS);
      parse(part.value);
    }
    return response.status;
  } finally {
    clearTimeout(silence);
    document.removeEventListener("visibilitychange", hide);
  }
}

/** Takes the stream in pieces and tells each event once it is whole. */
export function parser(tell: (told: Told) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const blocks = (rest + text).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const told = eventOf(block);
      if (told) tell(told);
    }
  };
}

function eventOf(block: string): Told | null {
  const fields: Record<string, string> = {};
  for (const line of block.split("\n")) {
    const [, name, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (name) fields[name] = name in fields ? `${fields[name]}\n${value}` : (value ?? "");
  }
  if (!fields["data"] || !fields["id"]) return null;
  return { cursor: fields["id"], event: fields["event"] ?? "message", data: JSON.parse(fields["data"]) };
}

function change(to: LiveState): void {
  if (state === to) return;
  state = to;
  for (const listener of listeners) listener();
}

function inView(over: AbortSignal): Promise<void> {
  if (!document.hidden || over.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      if (document.hidden && !over.aborted) return;
      document.removeEventListener("visibilitychange", done);
      over.removeEventListener("abort", done);
      resolve();
    };
    document.addEventListener("visibilitychange", done);
    over.addEventListener("abort", done);
  });
}

function pause(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    over.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
