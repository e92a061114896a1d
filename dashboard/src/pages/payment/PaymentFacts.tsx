import { Link } from "react-router";

import type { Payment } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { instrumentOf, methodName } from "../../format/words";
import { Card } from "../../ui/Card";
import { Facts } from "../../ui/Facts";
import { Notes } from "../../ui/Notes";
import { Time } from "../../ui/Time";

/** All fields of a payment. */
export function PaymentFacts({ payment }: { payment: Payment }) {
  const { currency } = payment;
  const money = (amount: number) => formatMoney({ amount, currency });
  return (
    <Card title="Details">
      <Facts
        facts={[
          [
            "Order",
            <Link key="order" className="mono" to={`/dashboard/orders/${payment.order_id}`}>
              {payment.order_id}
            </Link>,
          ],
          ["Method", methodName(payment.method)],
          ["Instrument", instrumentOf(payment)],
          ["Processor", payment.processor],
          [
            "Scenario",
            payment.scenario ? (
              <span key="scenario" className="mono">
                {payment.scenario}
              </span>
            ) : null,
          ],
          ["Amount", money(payment.amount)],
          ["Held", payment.status === "authorized" ? money(payment.amount_authorized) : null],
          ["Received", payment.status === "success" ? money(payment.amount_captured) : null],
          ["Refunded", payment.amount_refunded > 0 ? money(payment.amount_refunded) : null],
          ["Captured", payment.status === "success" ? (payment.captured ? "yes" : "not confirmed by you") : null],
          ["Created", <Time key="created" at={payment.created_at} />],
          ["Last change", <Time key="updated" at={payment.updated_at} />],
        ]}
      />
      <Notes notes={payment.notes} />
    </Card>
  );
}
