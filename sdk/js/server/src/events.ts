import type { Call, Send } from "./calls.js";
import { UnexpectedResponseError, isObject } from "./errors.js";
import { Events as PastEvents, type Payment, type Refund } from "./generated.js";

/** Something that happened to a payment, a refund or an endpoint. */
export interface Event {
  /** Such as `payment.success`. */
  type: string;
  /** When it happened, to the second. */
  timestamp: Date;
  /** The same in every copy of a webhook and in the event stream; empty if the server sent none. */
  id: string;
  /** Its position in the event stream; empty for a webhook. */
  cursor: string;
  /** What it is about. */
  data: Record<string, unknown>;
  /** The payment as it was then; null if the event is not about one. */
  payment: Payment | null;
  /** The refund as it was then; null if the event is not about one. */
  refund: Refund | null;
}

/** Return the event of a webhook's body. */
export function parseEvent(body: string, known: { id?: string; cursor?: string } = {}): Event {
  const given = parsed(body);
  if (!isObject(given) || !isObject(given["data"]) || typeof given["event"] !== "string") {
    throw new UnexpectedResponseError("the body is not an event of paygate");
  }
  const data = given["data"];
  const timestamp = new Date(Number(given["timestamp"]) * 1000);
  if (typeof given["timestamp"] !== "number" || Number.isNaN(timestamp.getTime())) {
    throw new UnexpectedResponseError("the body is not an event of paygate");
  }
  return {
    type: given["event"],
    timestamp,
    id: known.id ?? "",
    cursor: known.cursor ?? "",
    data,
    payment: (data["payment"] as Payment | undefined) ?? null,
    refund: (data["refund"] as Refund | undefined) ?? null,
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Reads server-sent events from pieces of a response. */
export class StreamParser {
  cursor: string | null;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #position: string | null;
  #id = "";
  #data: string[] = [];

  constructor(cursor: string | null) {
    this.cursor = cursor;
    this.#position = cursor;
  }

  /** Yield the events that are complete with this piece. */
  *feed(piece: Uint8Array): Generator<Event, void, void> {
    const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, name, value] = /^([^:\r]*)(?:: ?)?([^\r]*)/.exec(line) ?? [];
      if (name === "id") {
        this.#position = value ?? "";
      } else if (name === "webhook-id") {
        this.#id = value ?? "";
      } else if (name === "data") {
        this.#data.push(value ?? "");
      } else if (line.trim() === "") {
        // Only now is it complete. One that was cut is sent again.
        this.cursor = this.#position;
        const id = this.#id;
        this.#id = "";
        const body = this.#data.join("\n");
        this.#data = [];
        if (body !== "") yield parseEvent(body, { id, cursor: this.cursor ?? "" });
      }
    }
  }
}

/** How a client opens a stream; it throws when there is no next attempt. */
export interface StreamSource {
  /** Yield the pieces of the next response; returns after its end, and after a pause. */
  pieces(call: () => Call): AsyncGenerator<Uint8Array, void, void>;
}

/** The merchant's events: past ones in pages, and new ones as they happen. */
export class Events extends PastEvents {
  readonly #source: StreamSource;

  constructor(send: Send, source: StreamSource) {
    super(send);
    this.#source = source;
  }

  /**
   * Yield the merchant's events as they happen, without an end.
   *
   * When the connection ends, it continues after the last event: no event is left out, and none is
   * repeated.
   *
   * @param cursor The `cursor` of the last event that you processed; `"0"` is before the first
   *   event, and without it the stream begins now.
   */
  async *follow(cursor: string | null = null): AsyncGenerator<Event, void, void> {
    let parser = new StreamParser(cursor);
    const next = (): Call => {
      parser = new StreamParser(parser.cursor);
      return { verb: "GET", path: "/stream", query: { cursor: parser.cursor } };
    };
    for await (const piece of this.#source.pieces(next)) yield* parser.feed(piece);
  }
}
