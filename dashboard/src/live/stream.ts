/** The merchant's events over one long response.
 *
 * It uses `fetch`, because an `EventSource` only receives events with known names, and plugins
 * have their own. The connection is closed while the page is hidden, because browsers allow few
 * connections to one server. It continues at the last cursor, so no event is lost.
 */

import { apiOrigin } from "../page-meta";

export interface StreamEvent {
  /** Its position in the stream. */
  cursor: string;
  /** `payment.success`. */
  event: string;
  data: unknown;
}

export type LiveState = "connecting" | "live" | "polling";

const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** The server sends at least a comment every 15 s. */
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

/** Follows the stream; call the result to stop. `missed` is called if events may be lost. */
export function follow(emit: (event: StreamEvent) => void, missed: () => void): () => void {
  const over = new AbortController();
  void keepFollowing(emit, missed, over.signal).finally(() => change("connecting"));
  return () => over.abort();
}

async function keepFollowing(emit: (event: StreamEvent) => void, missed: () => void, over: AbortSignal): Promise<void> {
  let cursor: string | null = null;
  let wait = RETRY_MIN_MS;
  while (!over.aborted) {
    await inView(over);
    try {
      const status = await readOnce(cursor, over, (event) => {
        cursor = event.cursor;
        emit(event);
      });
      // The cursor is too old, or from another database: start again and refresh everything.
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

/** Reads one connection to its end. */
async function readOnce(cursor: string | null, over: AbortSignal, emit: (event: StreamEvent) => void): Promise<number> {
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
    const parse = parser(emit);
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

/** Parses the stream in chunks and emits each complete event. */
export function parser(emit: (event: StreamEvent) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const blocks = (rest + text).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = eventOf(block);
      if (event) emit(event);
    }
  };
}

function eventOf(block: string): StreamEvent | null {
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
