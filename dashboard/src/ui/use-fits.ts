import { useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

interface Fit {
  box: RefObject<HTMLDivElement | null>;
  table: RefObject<HTMLTableElement | null>;
  /** Whether the table, drawn as one, is no wider than its box. */
  fits: boolean;
}

/** Whether a table has room. Measured, because only its content knows how wide it must be. */
export function useFits(): Fit {
  const box = useRef<HTMLDivElement>(null);
  const table = useRef<HTMLTableElement>(null);
  // What it needed when it last did not fit; as cards it cannot be asked.
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
  // Other rows may be wider, so after every drawing, and before it is seen.
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
