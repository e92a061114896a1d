import { CircleDot, Cpu, Send, Zap, type LucideIcon } from "lucide-react";
import { Link } from "react-router";

import { useTimeline } from "../../api/queries";
import type { Payment } from "../../api/types";
import { formatDuration, formatTime } from "../../format/time";
import { Card } from "../../ui/Card";
import { Loaded } from "../../ui/States";
import { tell, type Kind, type Step } from "./moment";

const ICONS: Record<Kind, LucideIcon> = { status: CircleDot, event: Zap, processor: Cpu, delivery: Send };

/** What happened to a payment, first to last, with how long after its beginning. */
export function Timeline({ payment }: { payment: Payment }) {
  const timeline = useTimeline(payment.id);
  return (
    <Card title="Time line" actions={<Link to="/dashboard/webhooks">Send a webhook again</Link>}>
      <Loaded query={timeline} rows={6}>
        {(moments) => (
          <ol className="timeline" data-test-id="payment-timeline">
            {tell(moments).map((step) => (
              <Line key={`${step.at} ${step.title}`} step={step} began={Date.parse(payment.created_at)} />
            ))}
          </ol>
        )}
      </Loaded>
    </Card>
  );
}

function Line({ step, began }: { step: Step; began: number }) {
  const { kind, title, note, tone, at, until } = step;
  const Icon = ICONS[kind];
  const after = (iso: string) => `+${formatDuration(Math.max(0, Date.parse(iso) - began))}`;
  return (
    <li className={`timeline__item timeline__item--${tone}`}>
      <span className="timeline__mark">
        <Icon className="icon" aria-hidden />
      </span>
      <div className="timeline__words">
        <span className="timeline__title">{title}</span>
        {note ? <span className="timeline__note">{note}</span> : null}
      </div>
      <time className="timeline__at" dateTime={at} title={formatTime(at)}>
        {until === at ? after(at) : `${after(at)} … ${after(until)}`}
      </time>
    </li>
  );
}
