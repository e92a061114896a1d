import { CloudOff } from "lucide-react";

import { useHealth } from "../api/work";
import type { Health } from "../api/schema";
import { formatClock, formatShift } from "../format/time";

/** Warns on every page of outdated data, or of a test clock that is moved or stopped. */
export function StatusNotice() {
  const { data, error, dataUpdatedAt } = useHealth();
  const text = error
    ? outdated(dataUpdatedAt)
    : data?.database === "disconnected"
      ? "The gateway’s database is not available."
      : data?.clock
        ? `${clockNotice(data)} Release it in the simulator, or: ${data.clock_release}`
        : null;
  return (
    <div role="status" className={text ? "status-notice" : undefined}>
      {text ? (
        <>
          <CloudOff className="icon" aria-hidden />
          {text}
        </>
      ) : null}
    </div>
  );
}

function clockNotice({ clock, clock_shift_seconds: shift = 0 }: Health): string {
  return clock === "stopped"
    ? "The test clock is stopped, so no work becomes due."
    : `The test clock runs ${formatShift(shift)}.`;
}

function outdated(respondedAt: number): string {
  if (respondedAt === 0) return "The API does not respond; trying again.";
  return `The API has not responded since ${formatClock(new Date(respondedAt).toISOString())}; the data may be outdated.`;
}
