import { ArrowLeftRight } from "lucide-react";
import { Link } from "react-router";

import { usePayments } from "../../api/payments";
import type { Payment } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { instrumentOf } from "../../format/words";
import { Badge } from "../../ui/Badge";
import { Card } from "../../ui/Card";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Ago } from "../../ui/Time";

const ROWS = 8;
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
  { title: "When", cell: (payment) => <Ago at={payment.created_at} /> },
  { title: "Amount", align: "end", cell: formatMoney },
];

/** The latest payments. */
export function RecentPayments() {
  const query = usePayments({}, { limit: ROWS, offset: 0 });
  return (
    <Card title="Latest payments" flush actions={<Link to="/dashboard/transactions">All transactions</Link>}>
      <Loaded query={query} rows={ROWS}>
        {(page) => (
          <Table
            label="Latest payments"
            columns={COLUMNS}
            rows={page.data}
            keyOf={(payment) => payment.id}
            empty={
              <Empty icon={ArrowLeftRight} title="No payments yet">
                Create one in the <Link to="/dashboard/playground">playground</Link>: no money is moved.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Card>
  );
}
