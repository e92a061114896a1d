import { useState } from "react";

import { useDeliveryPage, useRecentPayments } from "../../api/queries";
import { count, methodName } from "../../format/words";
import { Card } from "../../ui/Card";
import { Loaded } from "../../ui/States";
import { ShareBar } from "../../charts/ShareBar";
import { VolumeChart } from "../../charts/VolumeChart";
import { deliveryShares, RANGES, ratesByMethod, volume, type Range } from "./figures";

const DELIVERIES_COUNTED = 100;

/** Volume over time, success by method, and what became of deliveries. */
export default function Charts() {
  return (
    <div className="columns columns--wide-first">
      <Volume />
      <div className="stack">
        <Methods />
        <Deliveries />
      </div>
    </div>
  );
}

function Volume() {
  const query = useRecentPayments();
  const [range, setRange] = useState<Range>(RANGES[0]);
  return (
    <Card title="Payments over time" actions={<RangeChoice range={range} onChange={setRange} />}>
      <Loaded query={query} rows={6}>
        {(payments) => <VolumeChart range={range.name} buckets={volume(payments, range, Date.now())} />}
      </Loaded>
    </Card>
  );
}

function RangeChoice({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  return (
    <div className="segments" role="group" aria-label="Time shown">
      {RANGES.map((one) => (
        <button
          key={one.name}
          type="button"
          className="segments__one"
          aria-pressed={one === range}
          onClick={() => onChange(one)}
        >
          {one.name}
        </button>
      ))}
    </div>
  );
}

function Methods() {
  const query = useRecentPayments();
  return (
    <Card title="Success by method" note="Of decided payments">
      <Loaded query={query} rows={3}>
        {(payments) => {
          const rates = ratesByMethod(payments);
          if (rates.length === 0) return <p className="footnote">Nothing has been decided yet.</p>;
          return (
            <ul className="shares">
              {rates.map(({ method, succeeded, decided }) => (
                <li key={method}>
                  <ShareBar
                    title={methodName(method)}
                    note={`${Math.round((succeeded / decided) * 100)}% of ${decided.toLocaleString("en-IN")}`}
                    shares={[
                      { name: "succeeded", number: succeeded, tone: "good" },
                      { name: "failed", number: decided - succeeded, tone: "bad" },
                    ]}
                  />
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}

function Deliveries() {
  const query = useDeliveryPage(0, DELIVERIES_COUNTED);
  return (
    <Card title="Webhook deliveries" note={`The newest ${DELIVERIES_COUNTED}`}>
      <Loaded query={query} rows={2}>
        {(page) => {
          if (page.data.length === 0) return <p className="footnote">Nothing has been sent yet.</p>;
          const shares = deliveryShares(page.data);
          return (
            <>
              <ShareBar
                title="Delivered"
                note={`${shares[0]?.number ?? 0} of ${count(page.data.length, "webhook")}`}
                shares={shares}
              />
              <ul className="legend">
                {shares.map(({ name, number, tone }) => (
                  <li key={name} className={`legend__item legend__item--${tone}`}>
                    {name} <span className="legend__number">{number}</span>
                  </li>
                ))}
              </ul>
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
