import {
  ChevronRight,
  CircleDot,
  Cpu,
  PhoneIncoming,
  RotateCcw,
  Send,
  Split,
  Wrench,
  Zap,
  type LucideIcon,
} from "lucide-react";
import { Link } from "react-router";

import { useTimeline } from "../../api/payments";
import type { Payment } from "../../api/schema";
import { useRetryDelivery } from "../../api/webhooks";
import { formatDuration, formatTime } from "../../format/time";
import { RoleButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Json } from "../../ui/Json";
import { Loaded } from "../../ui/States";
import { toLines, type Step } from "./timeline-lines";

const ICONS: Record<Step["kind"], LucideIcon> = {
  transition: CircleDot,
  event: Zap,
  plugin_call: Cpu,
  callback: PhoneIncoming,
  operation: Wrench,
  delivery: Send,
  attempt: Send,
  refund: RotateCcw,
  decision: Split,
};

/** The timeline of a payment, oldest first, with the time since its start.
 *
 * The stored requests and responses of plugins, callbacks and webhooks can be expanded.
 */
export function Timeline({ payment }: { payment: Payment }) {
  const timeline = useTimeline(payment.id);
  return (
    <Card title="Timeline" note="Open a line for the stored data, without secrets">
      <Loaded query={timeline} rows={6}>
        {({ data, truncated }) => (
          <>
            <ol className="timeline" data-test-id="payment-timeline">
              {toLines(data).map((step) => (
                <Line key={step.id} step={step} began={Date.parse(payment.created_at)} />
              ))}
            </ol>
            {truncated ? <p className="footnote">There are more entries than shown here.</p> : null}
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Line({ step, began }: { step: Step; began: number }) {
  const Icon = ICONS[step.kind];
  return (
    <li className={`timeline__item timeline__item--${step.tone}`}>
      <span className="timeline__mark">
        <Icon className="icon" aria-hidden />
      </span>
      {step.evidence.length > 0 ? (
        <details className="timeline__more">
          <summary className="timeline__line">
            <Words step={step} />
            <ChevronRight className="icon timeline__open" aria-hidden />
            <At step={step} began={began} />
          </summary>
          <div className="timeline__evidence">
            {step.evidence.map(({ name, facts }) => (
              <Json key={name} label={name} value={facts} />
            ))}
            {step.deliveryId ? <Delivery id={step.deliveryId} /> : null}
          </div>
        </details>
      ) : (
        <div className="timeline__line">
          <Words step={step} />
          <At step={step} began={began} />
        </div>
      )}
    </li>
  );
}

function Words({ step: { title, note } }: { step: Step }) {
  return (
    <span className="timeline__words">
      <span className="timeline__title">{title}</span>
      {note ? <span className="timeline__note">{note}</span> : null}
    </span>
  );
}

function At({ step: { at, until }, began }: { step: Step; began: number }) {
  const after = (iso: string) => `+${formatDuration(Math.max(0, Date.parse(iso) - began))}`;
  return (
    <time className="timeline__at" dateTime={at} title={formatTime(at)}>
      {until === at ? after(at) : `${after(at)} … ${after(until)}`}
    </time>
  );
}

function Delivery({ id }: { id: string }) {
  const retry = useRetryDelivery();
  return (
    <div className="form__actions form__actions--start">
      <RoleButton needs="support" size="small" icon={Send} busy={retry.isPending} onClick={() => retry.mutate({ id })}>
        Send again
      </RoleButton>
      <Link to={`/dashboard/webhooks/${id}`}>All delivery attempts</Link>
    </div>
  );
}
