import { useEffect, useState } from "react";

import type { WorkStatus } from "../api/types";

export interface Sample {
  /** When it was read, in ms. */
  at: number;
  waiting: number;
  working: number;
}

// Five minutes at the pace the page polls.
const SAMPLES_MAX = 120;

/** What was waiting each time the queue was read. */
export function useHistory(status: WorkStatus | undefined, readAt: number): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([]);
  useEffect(() => {
    if (!status) return;
    const sample = { at: readAt, waiting: status.pending, working: status.processing };
    setSamples((before) => [...before.filter(({ at }) => at !== readAt), sample].slice(-SAMPLES_MAX));
  }, [status, readAt]);
  return samples;
}
