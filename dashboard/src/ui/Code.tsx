import { Copy } from "./Copy";

/** Code to read and to copy. It scrolls, so the keyboard must reach it. */
export function Code({ text, label, testId }: { text: string; label: string; testId?: string | undefined }) {
  return (
    <div className="code">
      <div className="code__bar">
        <span>{label}</span>
        <Copy text={text} what={label} />
      </div>
      <pre className="code__text" data-test-id={testId} tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
    </div>
  );
}
