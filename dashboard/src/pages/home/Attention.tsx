import { CircleAlert, CircleCheck, Send } from "lucide-react";
import { Link } from "react-router";

import { usePayments } from "../../api/payments";
import type { Delivery, Payment } from "../../api/schema";
import { useDeliveries, useRetryDelivery } from "../../api/webhooks";
import { formatMoney } from "../../format/money";
import { count, instrumentOf, reasonOf } from "../../format/words";
import { RoleButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Empty } from "../../ui/States";
import { Ago, Countdown } from "../../ui/Time";

const SHOWN = 4;
const DELIVERIES_SEARCHED = 50;

/** The latest failed payments and undelivered webhooks. */
export function Attention() {
  const payments = usePayments({ status: "failed" }, { limit: SHOWN, offset: 0 });
  const deliveries = useDeliveries({}, { limit: DELIVERIES_SEARCHED, offset: 0 });
  const failed = payments.data?.data ?? [];
  const stuck = (deliveries.data?.data ?? []).filter(isInTrouble).slice(0, SHOWN);
  if (failed.length === 0 && stuck.length === 0) return null;
  return (
    <div className="columns columns--level">
      <Card
        title="Latest failed payments"
        flush
        actions={<Link to="/dashboard/transactions?status=failed">All failed payments</Link>}
      >
        <ul className="list">
          {failed.map((payment) => (
            <FailedPayment key={payment.id} payment={payment} />
          ))}
        </ul>
        {failed.length === 0 ? <AllWell text="No failed payments" /> : null}
      </Card>
      <Card title="Undelivered webhooks" flush actions={<Link to="/dashboard/webhooks">All webhooks</Link>}>
        <ul className="list">
          {stuck.map((delivery) => (
            <StuckDelivery key={delivery.id} delivery={delivery} />
          ))}
        </ul>
        {stuck.length === 0 ? <AllWell text="All recent webhooks were delivered" /> : null}
      </Card>
    </div>
  );
}

function AllWell({ text }: { text: string }) {
  return <Empty icon={CircleCheck} title={text} />;
}

function isInTrouble(delivery: Delivery): boolean {
  return delivery.status !== "success" && delivery.attempts > 0;
}

function FailedPayment({ payment }: { payment: Payment }) {
  return (
    <li className="list__item">
      <CircleAlert className="icon list__icon list__icon--bad" aria-hidden />
      <div className="list__main">
        <Link className="list__title" to={`/dashboard/transactions/${payment.id}`}>
          {reasonOf(payment)}
        </Link>
        <p className="list__note">
          {formatMoney(payment)} · {instrumentOf(payment)}
        </p>
      </div>
      <span className="list__end">
        <Ago at={payment.updated_at} />
      </span>
    </li>
  );
}

function StuckDelivery({ delivery }: { delivery: Delivery }) {
  const retry = useRetryDelivery();
  const answer = delivery.response_code ? `responded with ${delivery.response_code}` : "no response";
  return (
    <li className="list__item">
      <CircleAlert
        className={
          delivery.status === "failed" ? "icon list__icon list__icon--bad" : "icon list__icon list__icon--busy"
        }
        aria-hidden
      />
      <div className="list__main">
        <Link className="list__title" to={`/dashboard/webhooks/${delivery.id}`}>
          {delivery.event}
        </Link>
        <p className="list__note">
          {answer} · {count(delivery.attempts, "attempt")}
          {delivery.next_retry_at && delivery.status === "pending" ? (
            <>
              {" · next "}
              <Countdown to={delivery.next_retry_at} />
            </>
          ) : null}
        </p>
      </div>
      <RoleButton
        needs="support"
        size="small"
        icon={Send}
        busy={retry.isPending}
        onClick={() => retry.mutate(delivery)}
      >
        Send again
      </RoleButton>
    </li>
  );
}
