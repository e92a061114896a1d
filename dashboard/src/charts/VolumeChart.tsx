import { useState } from "react";

import { labelled, ticks } from "./scale";
import { useWidth } from "./use-width";

/** Payments that started in one interval, by their current status. */
export interface Bucket {
  /** Its start, in ms. */
  at: number;
  succeeded: number;
  pending: number;
  failed: number;
}

const LINES = [
  { key: "succeeded", tone: "good" },
  { key: "pending", tone: "busy" },
  { key: "failed", tone: "bad" },
] as const;
const HEIGHT_PX = 232;
const TOP_PX = 8;
const FOOT_PX = 24;
const SIDE_PX = 36;
const BAR_PX_MAX = 28;
const LABEL_APART_PX = 64;
const DAY_MS = 86_400_000;

interface VolumeChartProps {
  /** Such as `24 h`. */
  range: string;
  buckets: Bucket[];
}

/** The number of payments by result. A table has the same numbers for screen readers. */
export function VolumeChart({ range, buckets }: VolumeChartProps) {
  const total = buckets.reduce((sum, bucket) => sum + sumOf(bucket), 0);
  const span = (buckets.at(-1)?.at ?? 0) - (buckets[0]?.at ?? 0);
  const label = (at: number) => labelOf(at, span);
  return (
    <div className="chart">
      <Picture buckets={buckets} label={label} />
      {total === 0 ? <p className="chart__empty">No payments in the last {range}</p> : null}
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

interface PartProps {
  buckets: Bucket[];
  label: (at: number) => string;
}

function Picture({ buckets, label }: PartProps) {
  const [box, width] = useWidth();
  const [chosen, setChosen] = useState<number | null>(null);
  const steps = ticks(Math.max(...buckets.map(sumOf), 1));
  const top = steps.at(-1) ?? 1;
  const floor = HEIGHT_PX - FOOT_PX;
  const height = (value: number) => (value / top) * (floor - TOP_PX);
  const room = Math.max(0, width - SIDE_PX) / Math.max(1, buckets.length);
  const bar = Math.min(BAR_PX_MAX, room * 0.72);
  const named = labelled(buckets.length, width - SIDE_PX, LABEL_APART_PX);
  const tip = chosen === null ? undefined : buckets[chosen];
  return (
    <div ref={box} className="chart__picture" aria-hidden onPointerLeave={() => setChosen(null)}>
      <svg width={width} height={HEIGHT_PX}>
        {steps.map((step) => (
          <g key={step} transform={`translate(0 ${floor - height(step)})`}>
            <line x1={SIDE_PX} x2={width} className="chart__grid" />
            <text x={SIDE_PX - 8} dy="0.32em" textAnchor="end">
              {step.toLocaleString("en-IN")}
            </text>
          </g>
        ))}
        {buckets.map((bucket, place) => {
          let y = floor;
          const left = SIDE_PX + place * room;
          return (
            <g key={bucket.at} onPointerEnter={() => setChosen(place)}>
              <rect
                x={left}
                y={0}
                width={room}
                height={HEIGHT_PX}
                className={place === chosen ? "chart__column chart__column--chosen" : "chart__column"}
              />
              {LINES.map(({ key, tone }) => {
                const tall = height(bucket[key]);
                y -= tall;
                return (
                  <rect
                    key={key}
                    x={left + (room - bar) / 2}
                    y={y}
                    width={bar}
                    height={tall}
                    className={`chart__bar chart__bar--${tone}`}
                  />
                );
              })}
              {named.has(place) ? (
                <text x={left + room / 2} y={HEIGHT_PX - 6} textAnchor={place === 0 ? "start" : "middle"}>
                  {label(bucket.at)}
                </text>
              ) : null}
            </g>
          );
        })}
      </svg>
      {tip ? <Tip bucket={tip} label={label} isRight={(chosen ?? 0) > buckets.length / 2} /> : null}
    </div>
  );
}

function Tip({ bucket, label, isRight }: { bucket: Bucket; label: (at: number) => string; isRight: boolean }) {
  return (
    <div className={isRight ? "chart__tip chart__tip--left" : "chart__tip"}>
      <p className="strong">{label(bucket.at)}</p>
      {LINES.map(({ key, tone }) => (
        <p key={key} className={`legend__item legend__item--${tone}`}>
          {key} <span className="legend__number">{bucket[key]}</span>
        </p>
      ))}
    </div>
  );
}

function Numbers({ range, buckets, label }: PartProps & { range: string }) {
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
        {buckets
          .filter((bucket) => sumOf(bucket) > 0)
          .map((bucket) => (
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

function sumOf(bucket: Bucket): number {
  return bucket.succeeded + bucket.pending + bucket.failed;
}

function labelOf(at: number, span: number): string {
  const time = new Date(at);
  if (span <= DAY_MS) return time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return time.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
}
