import { UnexpectedResponseError, isObject } from "./errors.js";
import { Events as PastEvents } from "./generated.js";
/** Return the event of a webhook's body. */
export function parseEvent(body, known = {}) {
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
        payment: data["payment"] ?? null,
        refund: data["refund"] ?? null,
    };
}
function parsed(body) {
    try {
        return JSON.parse(body);
    }
    catch {
        return null;
    }
}
/** Reads server-sent events from pieces of a response. */
export class StreamParser {
    cursor;
    #decoder = new TextDecoder();
    #rest = "";
    #position;
    #id = "";
    #data = [];
    constructor(cursor) {
        this.cursor = cursor;
        this.#position = cursor;
    }
    /** Yield the events that are complete with this piece. */
    *feed(piece) {
        const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split("\n");
        this.#rest = lines.pop() ?? "";
        for (const line of lines) {
            const [, name, value] = /^([^:\r]*)(?:: ?)?([^\r]*)/.exec(line) ?? [];
            if (name === "id") {
                this.#position = value ?? "";
            }
            else if (name === "webhook-id") {
                this.#id = value ?? "";
            }
            else if (name === "data") {
                this.#data.push(value ?? "");
            }
            else if (line.trim() === "") {
                // Only now is it complete. One that was cut is sent again.
                this.cursor = this.#position;
                const id = this.#id;
                this.#id = "";
                const body = this.#data.join("\n");
                this.#data = [];
                if (body !== "")
                    yield parseEvent(body, { id, cursor: this.cursor ?? "" });
            }
        }
    }
}
/** The merchant's events: past ones in pages, and new ones as they happen. */
export class Events extends PastEvents {
    #source;
    constructor(send, source) {
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
    async *follow(cursor = null) {
        let parser = new StreamParser(cursor);
        const next = () => {
            parser = new StreamParser(parser.cursor);
            return { verb: "GET", path: "/stream", query: { cursor: parser.cursor } };
        };
        for await (const piece of this.#source.pieces(next))
            yield* parser.feed(piece);
    }
}
