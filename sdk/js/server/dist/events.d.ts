import type { Call, Send } from "./calls.js";
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
export declare function parseEvent(body: string, known?: {
    id?: string;
    cursor?: string;
}): Event;
/** Reads server-sent events from pieces of a response. */
export declare class StreamParser {
    #private;
    cursor: string | null;
    constructor(cursor: string | null);
    /** Yield the events that are complete with this piece. */
    feed(piece: Uint8Array): Generator<Event, void, void>;
}
/** How a client opens a stream; it throws when there is no next attempt. */
export interface StreamSource {
    /** Yield the pieces of the next response; returns after its end, and after a pause. */
    pieces(call: () => Call): AsyncGenerator<Uint8Array, void, void>;
}
/** The merchant's events: past ones in pages, and new ones as they happen. */
export declare class Events extends PastEvents {
    #private;
    constructor(send: Send, source: StreamSource);
    /**
     * Yield the merchant's events as they happen, without an end.
     *
     * When the connection ends, it continues after the last event: no event is left out, and none is
     * repeated.
     *
     * @param cursor The `cursor` of the last event that you processed; `"0"` is before the first
     *   event, and without it the stream begins now.
     */
    follow(cursor?: string | null): AsyncGenerator<Event, void, void>;
}
