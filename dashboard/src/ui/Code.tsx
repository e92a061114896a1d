import { Copy } from "./Copy";

interface CodeProps {
  text: string;
  label: string;
  /** What is copied, if the text is cut. */
  whole?: string;
  testId?: string | undefined;
}

/** Code to read and to copy. It scrolls, so the keyboard must reach it. */
export function Code({ text, label, whole = text, testId }: CodeProps) {
  return (
    <div className="code">
      <div className="code__bar">
        <span>{label}</span>
        <Copy text={whole} what={label} />
      </div>
      <pre className="code__text" data-test-id={testId} tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
    </div>
  );
}
