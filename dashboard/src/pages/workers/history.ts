import { useEffect, useState } from "react";

import type { Work } from "../../api/schema";
import type { Sample } from "../../charts/WaitingChart";

// Five minutes at the pace the page polls.
const SAMPLES_MAX = 120;

/** What was waiting each time the queue was read. */
export function useHistory(status: Work | undefined, readAt: number): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([]);
  useEffect(() => {
    if (!status) return;
    const sample = { at: readAt, waiting: status.pending, working: status.processing };
    setSamples((before) => [...before.filter(({ at }) => at !== readAt), sample].slice(-SAMPLES_MAX));
  }, [status, readAt]);
  return samples;
}
