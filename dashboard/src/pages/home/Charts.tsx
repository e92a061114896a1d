import { useState } from "react";
import { Link } from "react-router";

import { useOverview } from "../../api/overview";
import type { Overview } from "../../api/schema";
import { ShareBar } from "../../charts/ShareBar";
import { VolumeChart } from "../../charts/VolumeChart";
import { formatMoney } from "../../format/money";
import { formatDuration } from "../../format/time";
import { count, declineName, methodName } from "../../format/words";
import { Card } from "../../ui/Card";
import { Facts } from "../../ui/Facts";
import { Segments } from "../../ui/Segments";
import { Loaded } from "../../ui/States";
import { buckets, deliveryShares, methodShares, percent, RANGES, type Hours } from "./figures";

const DECLINES_SHOWN = 5;

/** Charts: volume, success by method, failure reasons, duration, webhooks. */
export function Charts() {
  const [hours, setHours] = useState<Hours>(24);
  const query = useOverview(hours);
  const range = RANGES.find(([value]) => value === hours)?.[1] ?? "";
  return (
    <>
      <div className="columns columns--wide-first columns--level">
        <Card
          title="Payments over time"
          actions={<Segments label="Period" values={RANGES} value={hours} onChange={setHours} />}
        >
          <Loaded query={query} rows={6}>
            {(overview) => <VolumeChart range={range} buckets={buckets(overview)} />}
          </Loaded>
        </Card>
        <Card title="Success by method" note="Of final payments">
          <Loaded query={query} rows={3}>
            {({ methods }) => <Methods methods={methods} />}
          </Loaded>
        </Card>
      </div>
      <div className="columns columns--level">
        <Card title="Failure reasons" note={`Last ${range}`}>
          <Loaded query={query} rows={3}>
            {({ declines }) => <Declines declines={declines} />}
          </Loaded>
        </Card>
        <Card title="Duration of payments" note="Until their final status">
          <Loaded query={query} rows={3}>
            {(overview) => <Latency overview={overview} />}
          </Loaded>
        </Card>
        <Card title="Webhook deliveries" note={`Last ${range}`}>
          <Loaded query={query} rows={3}>
            {({ deliveries }) => <Deliveries deliveries={deliveries} />}
          </Loaded>
        </Card>
      </div>
    </>
  );
}

function Methods({ methods }: { methods: Overview["methods"] }) {
  const decided = methods.filter(({ succeeded, failed }) => succeeded + failed > 0);
  if (decided.length === 0) return <p className="footnote">No final payments yet.</p>;
  return (
    <ul className="shares">
      {decided.map(({ method, succeeded, failed }) => (
        <li key={method}>
          <ShareBar
            title={methodName(method)}
            note={`${percent(succeeded, succeeded + failed)} of ${(succeeded + failed).toLocaleString("en-IN")}`}
            shares={methodShares({ succeeded, failed })}
          />
        </li>
      ))}
    </ul>
  );
}

function Declines({ declines }: { declines: Overview["declines"] }) {
  if (declines.length === 0) return <p className="footnote">No failed payments.</p>;
  const most = Math.max(...declines.map(({ payments }) => payments));
  return (
    <ul className="ranks">
      {declines.slice(0, DECLINES_SHOWN).map(({ code, payments }) => (
        <li key={code} className="ranks__one">
          <Link className="ranks__name" to={`/dashboard/transactions?status=failed&q=${encodeURIComponent(code)}`}>
            {declineName(code)}
          </Link>
          <span className="ranks__number">{payments.toLocaleString("en-IN")}</span>
          <meter className="ranks__bar" aria-hidden min={0} max={most} value={payments} />
        </li>
      ))}
    </ul>
  );
}

function Latency({ overview: { latency_ms: latency, refunds } }: { overview: Overview }) {
  if (latency.samples === 0) return <p className="footnote">No final payments yet.</p>;
  const shown = (ms: number | null) => (ms === null ? null : formatDuration(ms));
  const given = Object.entries(refunds.amount_minor).map(([currency, amount]) => formatMoney({ amount, currency }));
  return (
    <Facts
      facts={[
        ["Median", shown(latency.p50)],
        ["95% within", shown(latency.p95)],
        ["99% within", shown(latency.p99)],
        ["Payments", latency.samples.toLocaleString("en-IN")],
        ["Refunded", refunds.count > 0 ? `${given.join(", ")} in ${count(refunds.count, "refund")}` : null],
      ]}
    />
  );
}

function Deliveries({ deliveries }: { deliveries: Overview["deliveries"] }) {
  const { pending, succeeded, failed, first_try_share, p95_ms } = deliveries;
  const all = pending + succeeded + failed;
  if (all === 0) return <p className="footnote">Nothing sent yet.</p>;
  const shares = deliveryShares(deliveries);
  return (
    <>
      <ShareBar title="Delivered" note={`${succeeded} of ${count(all, "webhook")}`} shares={shares} />
      <ul className="legend">
        {shares.map(({ name, number, tone }) => (
          <li key={name} className={`legend__item legend__item--${tone}`}>
            {name} <span className="legend__number">{number}</span>
          </li>
        ))}
      </ul>
      <Facts
        facts={[
          ["At first attempt", first_try_share === null ? null : percent(first_try_share, 1)],
          ["95% within", p95_ms === null ? null : formatDuration(p95_ms)],
        ]}
      />
    </>
  );
}
