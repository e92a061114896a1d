import { formatClock } from "../format/time";
import { labelled, ticks } from "./scale";
import { useWidth } from "./use-width";

export interface Sample {
  /** When it was read, in ms. */
  at: number;
  waiting: number;
  working: number;
}

const HEIGHT_PX = 200;
const TOP_PX = 8;
const FOOT_PX = 24;
const SIDE_PX = 36;
const LABEL_APART_PX = 88;

/** The number of waiting jobs in the last minutes. The current figures are shown above as text. */
export function WaitingChart({ samples }: { samples: Sample[] }) {
  const [box, width] = useWidth();
  const steps = ticks(Math.max(4, ...samples.map(({ waiting, working }) => waiting + working)));
  const top = steps.at(-1) ?? 1;
  const floor = HEIGHT_PX - FOOT_PX;
  const y = (value: number) => floor - (value / top) * (floor - TOP_PX);
  const x = (place: number) => SIDE_PX + (place / Math.max(1, samples.length - 1)) * (width - SIDE_PX - 8);
  const named = labelled(samples.length, width - SIDE_PX, LABEL_APART_PX);
  const area = (low: (one: Sample) => number, high: (one: Sample) => number) => {
    const there = samples.map((one, place) => `${x(place)},${y(high(one))}`);
    const back = samples.map((one, place) => `${x(place)},${y(low(one))}`).reverse();
    return [...there, ...back].join(" ");
  };
  return (
    <div className="chart">
      <div ref={box} className="chart__picture" aria-hidden>
        <svg width={width} height={HEIGHT_PX}>
          {steps.map((step) => (
            <g key={step} transform={`translate(0 ${y(step)})`}>
              <line x1={SIDE_PX} x2={width} className="chart__grid" />
              <text x={SIDE_PX - 8} dy="0.32em" textAnchor="end">
                {step.toLocaleString("en-IN")}
              </text>
            </g>
          ))}
          <polygon
            className="chart__area chart__area--busy"
            points={area(
              () => 0,
              (one) => one.waiting,
            )}
          />
          <polygon
            className="chart__area"
            points={area(
              (one) => one.waiting,
              (one) => one.waiting + one.working,
            )}
          />
          {samples.map(({ at }, place) =>
            named.has(place) ? (
              <text key={at} x={x(place)} y={HEIGHT_PX - 6} textAnchor={place === 0 ? "start" : "middle"}>
                {formatClock(new Date(at).toISOString())}
              </text>
            ) : null,
          )}
        </svg>
      </div>
      <ul className="legend" aria-hidden>
        <li className="legend__item legend__item--busy">waiting</li>
        <li className="legend__item">in progress</li>
      </ul>
    </div>
  );
}
