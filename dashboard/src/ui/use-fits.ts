import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

interface Fit {
  box: RefObject<HTMLDivElement | null>;
  table: RefObject<HTMLTableElement | null>;
  /** Whether the table fits into its container. */
  fits: boolean;
}

/** Measures whether a table fits: its width depends on its content. */
export function useFits(): Fit {
  const box = useRef<HTMLDivElement>(null);
  const table = useRef<HTMLTableElement>(null);
  // The width that it last needed; it cannot be measured while shown as cards.
  const [needed, setNeeded] = useState<number | null>(null);

  const measure = () => {
    if (!box.current || !table.current) return;
    const room = box.current.clientWidth;
    if (needed === null) {
      if (table.current.offsetWidth > room) setNeeded(table.current.offsetWidth);
    } else if (room >= needed) {
      setNeeded(null);
    }
  };
  // Other rows may be wider, so measure after every render, before it is painted.
  useLayoutEffect(measure);
  const latest = useRef(measure);
  latest.current = measure;
  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(() => latest.current());
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return { box, table, fits: needed === null };
}
