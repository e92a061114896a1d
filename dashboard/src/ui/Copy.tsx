import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";

import { IconButton } from "./Button";
import { useNotices } from "./Notices";

const CONFIRMED_MS = 1_500;

/** Copies `text` to the clipboard. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [isDone, setDone] = useState(false);
  const { show } = useNotices();

  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), CONFIRMED_MS);
    return () => clearTimeout(timer);
  }, [isDone]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
    } catch {
      // Browsers only allow clipboard access on https and localhost.
      show({ kind: "failed", text: "The browser did not allow copying; select the text instead" });
    }
  };
  return (
    <IconButton
      icon={isDone ? Check : CopyIcon}
      label={isDone ? "Copied" : `Copy ${what}`}
      onClick={() => void copy()}
    />
  );
}
