import { Code } from "./Code";

/** Facts as they were kept, to read and to copy. */
export function Json({ label, value, testId }: { label: string; value: unknown; testId?: string }) {
  return <Code label={label} text={JSON.stringify(value, null, 2)} testId={testId} />;
}
