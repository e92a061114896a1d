import type { ReactNode } from "react";
import { Link } from "react-router";

import type { Payment } from "../../api/types";
import { formatMoney } from "../../format/money";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { refundable } from "../payment/refundable";

interface TransactionsTableProps {
  payments: Payment[];
  isStale?: boolean;
  onRefund: (payment: Payment) => void;
  empty: ReactNode;
}

/** Payments as the wire contract shows them. The table stays when it is empty. */
export function TransactionsTable({ payments, isStale, onRefund, empty }: TransactionsTableProps) {
  return (
    <Table
      label="Transactions"
      testId="transactions-table"
      columns={columns(onRefund)}
      rows={payments}
      keyOf={(payment) => payment.id}
      rowProps={(payment) => ({ "data-test-id": "transaction-row", "data-payment-id": payment.id })}
      isStale={isStale ?? false}
      empty={empty}
    />
  );
}

function columns(onRefund: (payment: Payment) => void): Column<Payment>[] {
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
    {
      title: "",
      align: "end",
      cell: (payment) =>
        refundable(payment) > 0 ? (
          <Button
            size="small"
            data-test-id="refund-button"
            data-payment-id={payment.id}
            aria-label={`Refund ${payment.id}`}
            onClick={() => onRefund(payment)}
          >
            Refund
          </Button>
        ) : null,
    },
  ];
}
