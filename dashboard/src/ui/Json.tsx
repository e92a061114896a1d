import { Code } from "./Code";

/** Stored JSON, to read and to copy. */
export function Json({ label, value, testId }: { label: string; value: unknown; testId?: string }) {
  return <Code label={label} text={JSON.stringify(value, null, 2)} testId={testId} />;
}
