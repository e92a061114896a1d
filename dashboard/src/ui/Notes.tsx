import { Code } from "./Code";

type Data = Record<string, unknown> | null | undefined;

const LINES_MAX = 40;
const LINE_CHARS_MAX = 200;
const SHORT_CHARS_MAX = 80;

/** The merchant's own data of an order or a payment; nothing without any. What is copied is not cut. */
export function Notes({ notes }: { notes: Data }) {
  if (!notes || Object.keys(notes).length === 0) return null;
  const text = JSON.stringify(notes, null, 2);
  return <Code label="Notes" text={cutLines(text)} whole={text} testId="notes" />;
}

/** Returns the notes in one short line; null without any. */
export function notesInShort(notes: Data): string | null {
  return notes && Object.keys(notes).length > 0 ? cut(JSON.stringify(notes), SHORT_CHARS_MAX) : null;
}

function cutLines(text: string): string {
  const lines = text.split("\n").map((line) => cut(line, LINE_CHARS_MAX));
  return lines.length > LINES_MAX ? [...lines.slice(0, LINES_MAX), "…"].join("\n") : lines.join("\n");
}

function cut(text: string, max: number): string {
  const chars = [...text];
  return chars.length > max ? `${chars.slice(0, max).join("")}…` : text;
}
