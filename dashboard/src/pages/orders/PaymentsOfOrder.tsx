import type { ReactNode } from "react";
import { Link } from "react-router";

import type { Payment } from "../../api/schema";
import { instrumentOf, reasonOf } from "../../format/words";
import { Badge } from "../../ui/Badge";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";

const COLUMNS: Column<Payment>[] = [
  {
    title: "Payment",
    cell: (payment) => (
      <Link className="mono" to={`/dashboard/transactions/${payment.id}`}>
        {payment.id}
      </Link>
    ),
  },
  { title: "Instrument", cell: (payment) => <span className="nowrap">{instrumentOf(payment)}</span> },
  { title: "Status", cell: (payment) => <Badge status={payment.status} /> },
  { title: "Reason", cell: (payment) => (payment.status === "failed" ? reasonOf(payment) : "—") },
  { title: "Created", cell: (payment) => <Time at={payment.created_at} /> },
];

/** A table of payments without order and amount. */
export function PaymentsOfOrder({ payments, empty }: { payments: Payment[]; empty: ReactNode }) {
  return (
    <Table
      label="Payments of this order"
      columns={COLUMNS}
      rows={payments}
      keyOf={(payment) => payment.id}
      empty={empty}
    />
  );
}
