import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";

import type { Bucket } from "../pages/home/figures";

const LINES = [
  { key: "succeeded", color: "var(--chart-good)", tone: "good" },
  { key: "under way", color: "var(--chart-busy)", tone: "busy" },
  { key: "failed", color: "var(--chart-bad)", tone: "bad" },
] as const;
const HEIGHT_PX = 232;
const DAY_MS = 86_400_000;

/** How many payments, and how they went. The same numbers stand in a table for screen readers. */
export function VolumeChart({ range, buckets }: { range: string; buckets: Bucket[] }) {
  const total = buckets.reduce((sum, bucket) => sum + bucket.succeeded + bucket["under way"] + bucket.failed, 0);
  const span = (buckets.at(-1)?.at ?? 0) - (buckets[0]?.at ?? 0);
  const label = (at: number) => labelOf(at, span);
  return (
    <div className="chart">
      <div aria-hidden className={total === 0 ? "chart__picture chart__picture--empty" : "chart__picture"}>
        <ResponsiveContainer width="100%" height={HEIGHT_PX}>
          <BarChart
            data={buckets}
            margin={{ top: 8, right: 0, bottom: 0, left: 0 }}
            barCategoryGap="18%"
            accessibilityLayer={false}
          >
            <CartesianGrid vertical={false} stroke="var(--chart-grid)" />
            <XAxis dataKey="at" tickFormatter={label} axisLine={false} tickLine={false} minTickGap={28} />
            <YAxis allowDecimals={false} axisLine={false} tickLine={false} width={32} />
            <Tooltip
              content={({ active, payload }) =>
                active ? <Tip bucket={payload[0]?.payload as Bucket | undefined} label={label} /> : null
              }
              cursor={{ fill: "var(--sunken)" }}
              isAnimationActive={false}
            />
            {LINES.map(({ key, color }) => (
              <Bar key={key} dataKey={key} stackId="all" fill={color} isAnimationActive={false} maxBarSize={28} />
            ))}
          </BarChart>
        </ResponsiveContainer>
        {total === 0 ? <p className="chart__empty">No payments in the last {range}</p> : null}
      </div>
      <ul className="legend" aria-hidden>
        {LINES.map(({ key, tone }) => (
          <li key={key} className={`legend__item legend__item--${tone}`}>
            {key}
          </li>
        ))}
      </ul>
      <Numbers range={range} buckets={buckets} label={label} />
    </div>
  );
}

interface TipProps {
  bucket: Bucket | undefined;
  label: (at: number) => string;
}

function Tip({ bucket, label }: TipProps) {
  if (!bucket) return null;
  return (
    <div className="chart__tip">
      <p className="strong">{label(bucket.at)}</p>
      {LINES.map(({ key, tone }) => (
        <p key={key} className={`legend__item legend__item--${tone}`}>
          {key} <span className="legend__number">{bucket[key]}</span>
        </p>
      ))}
    </div>
  );
}

interface NumbersProps {
  range: string;
  buckets: Bucket[];
  label: (at: number) => string;
}

function Numbers({ range, buckets, label }: NumbersProps) {
  const used = buckets.filter((bucket) => bucket.succeeded + bucket["under way"] + bucket.failed > 0);
  return (
    <table className="visually-hidden">
      <caption>Payments in the last {range}</caption>
      <thead>
        <tr>
          <th scope="col">From</th>
          {LINES.map(({ key }) => (
            <th key={key} scope="col">
              {key}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {used.map((bucket) => (
          <tr key={bucket.at}>
            <th scope="row">{label(bucket.at)}</th>
            {LINES.map(({ key }) => (
              <td key={key}>{bucket[key]}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function labelOf(at: number, span: number): string {
  const time = new Date(at);
  if (span <= DAY_MS) return time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return time.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}
