import { Link } from "react-router";

import type { Payment } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { reasonOf } from "../../format/words";
import { Badge } from "../../ui/Badge";
import { RoleButton } from "../../ui/Button";
import type { Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { refundable } from "../payment/refundable";

/** The columns of the wire contract, and the actions of a row. */
export function columns(onRefund: (payment: Payment) => void): Column<Payment>[] {
  return [
    {
      title: "Payment ID",
      testId: "payment-id",
      cell: (payment) => (
        <Link className="mono" to={`/dashboard/transactions/${payment.id}`}>
          {payment.id}
        </Link>
      ),
    },
    {
      title: "Order ID",
      testId: "order-id",
      cell: (payment) => (
        <Link className="mono link--calm" to={`/dashboard/orders/${payment.order_id}`}>
          {payment.order_id}
        </Link>
      ),
    },
    { title: "Amount", testId: "amount", align: "end", cell: formatMoney },
    { title: "Method", testId: "method", cell: (payment) => payment.method },
    { title: "Status", testId: "status", cell: (payment) => <Badge status={payment.status} /> },
    { title: "Created", testId: "created-at", cell: (payment) => <Time at={payment.created_at} /> },
    { title: "", align: "end", cell: (payment) => <Last payment={payment} onRefund={onRefund} /> },
  ];
}

/** The failure reason, or the refund button. */
function Last({ payment, onRefund }: { payment: Payment; onRefund: (payment: Payment) => void }) {
  if (payment.status === "failed") return <span className="table__reason">{reasonOf(payment)}</span>;
  if (refundable(payment) === 0) return null;
  return (
    <RoleButton
      needs="support"
      size="small"
      data-test-id="refund-button"
      data-payment-id={payment.id}
      aria-label={`Refund ${payment.id}`}
      onClick={() => onRefund(payment)}
    >
      Refund
    </RoleButton>
  );
}
