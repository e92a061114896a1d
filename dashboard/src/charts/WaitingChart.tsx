import { Area, AreaChart, CartesianGrid, ResponsiveContainer, XAxis, YAxis } from "recharts";

import { formatClock } from "../format/time";
import type { Sample } from "../pages/workers-history";

const HEIGHT_PX = 200;

/** How much work was waiting, over the last minutes. The newest figures stand above it as text. */
export default function WaitingChart({ samples }: { samples: Sample[] }) {
  return (
    <div className="chart">
      <div className="chart__picture" aria-hidden>
        <ResponsiveContainer width="100%" height={HEIGHT_PX}>
          <AreaChart data={samples} margin={{ top: 8, right: 4, bottom: 0, left: 0 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--chart-grid)" />
            <XAxis
              dataKey="at"
              tickFormatter={(at: number) => formatClock(new Date(at).toISOString())}
              axisLine={false}
              tickLine={false}
              minTickGap={40}
            />
            <YAxis
              allowDecimals={false}
              domain={[0, (most: number) => Math.max(4, most)]}
              axisLine={false}
              tickLine={false}
              width={32}
            />
            <Area
              dataKey="waiting"
              stackId="all"
              stroke="var(--chart-busy)"
              fill="var(--chart-busy)"
              fillOpacity={0.25}
              isAnimationActive={false}
            />
            <Area
              dataKey="working"
              stackId="all"
              stroke="var(--chart-1)"
              fill="var(--chart-1)"
              fillOpacity={0.25}
              isAnimationActive={false}
            />
          </AreaChart>
        </ResponsiveContainer>
      </div>
      <ul className="legend" aria-hidden>
        <li className="legend__item legend__item--busy">waiting</li>
        <li className="legend__item">being worked on</li>
      </ul>
    </div>
  );
}
