import { CloudOff } from "lucide-react";

import { useHealth } from "../api/work";
import type { Health } from "../api/schema";
import { formatClock, formatShift } from "../format/time";

/** Says on every page that what is shown may be old, or that the test clock was moved or stopped. */
export function Trouble() {
  const { data, error, dataUpdatedAt } = useHealth();
  const text = error
    ? silence(dataUpdatedAt)
    : data?.database === "disconnected"
      ? "The gateway’s database cannot be reached."
      : data?.clock
        ? `${clockNotice(data)} Release it in the simulator, or: ${data.clock_release}`
        : null;
  return (
    <div role="status" className={text ? "trouble" : undefined}>
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
    ? "The test clock is stopped, so nothing falls due."
    : `The test clock runs ${formatShift(shift)}.`;
}

function silence(heardAt: number): string {
  if (heardAt === 0) return "The API does not answer; trying again.";
  return `The API has not answered since ${formatClock(new Date(heardAt).toISOString())}; what you see may be old.`;
}
