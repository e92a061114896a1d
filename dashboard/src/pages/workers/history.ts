import { useEffect, useState } from "react";

import type { Work } from "../../api/schema";
import type { Sample } from "../../charts/WaitingChart";

// Five minutes at the polling interval of the page.
const SAMPLES_MAX = 120;

/** The number of waiting jobs at each poll. */
export function useHistory(status: Work | undefined, readAt: number): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([]);
  useEffect(() => {
    if (!status) return;
    const sample = { at: readAt, waiting: status.pending, working: status.processing };
    setSamples((before) => [...before.filter(({ at }) => at !== readAt), sample].slice(-SAMPLES_MAX));
  }, [status, readAt]);
  return samples;
}
