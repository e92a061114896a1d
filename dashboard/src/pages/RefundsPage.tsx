import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { usePaymentOnce, useRefundPage } from "../api/queries";
import type { Refund } from "../api/types";
import { formatMoney } from "../format/money";
import { Badge } from "../ui/Badge";
import { Card, PageHead } from "../ui/Card";
import { Pager } from "../ui/Pager";
import { Empty, Loaded } from "../ui/States";
import { Table, type Column } from "../ui/Table";
import { Time } from "../ui/Time";
import { useTitle } from "../ui/title";

const ROWS = 20;
const COLUMNS: Column<Refund>[] = [
  { title: "Refund", cell: (refund) => <span className="mono">{refund.id}</span> },
  {
    title: "Payment",
    cell: (refund) => (
      <Link className="mono" to={`/dashboard/transactions/${refund.payment_id}`}>
        {refund.payment_id}
      </Link>
    ),
  },
  { title: "Amount", align: "end", cell: (refund) => <Amount refund={refund} /> },
  { title: "Status", cell: (refund) => <Badge status={refund.status} /> },
  { title: "Reason", cell: (refund) => refund.reason ?? "—" },
  { title: "Requested", cell: (refund) => <Time at={refund.created_at} /> },
  { title: "Processed", cell: (refund) => (refund.processed_at ? <Time at={refund.processed_at} /> : "—") },
];

/** Money given back, newest first. */
export function RefundsPage() {
  useTitle("Refunds");
  const [page, setPage] = useState(0);
  const query = useRefundPage(page, ROWS);
  return (
    <div className="page">
      <PageHead title="Refunds" lead="Money given back. A refund is asked for on its payment’s page." />
      <Card flush>
        <Loaded query={query} rows={10}>
          {({ data, total }) => (
            <>
              <Table
                label="Refunds"
                testId="refunds-table"
                columns={COLUMNS}
                rows={data}
                keyOf={(refund) => refund.id}
                rowProps={(refund) => ({ "data-test-id": "refund-row", "data-refund-id": refund.id })}
                isStale={query.isPlaceholderData}
                empty={
                  <Empty icon={RotateCcw} title="Nothing was given back yet">
                    Choose a successful payment among the{" "}
                    <Link to="/dashboard/transactions?status=success">transactions</Link>.
                  </Empty>
                }
              />
              <Pager page={page} rows={ROWS} total={total} onPage={setPage} />
            </>
          )}
        </Loaded>
      </Card>
    </div>
  );
}

/** The API's refunds do not say their currency; their payment does. */
function Amount({ refund }: { refund: Refund }) {
  const payment = usePaymentOnce(refund.payment_id);
  if (!payment.data) return <span className="text--to-come">…</span>;
  return <>{formatMoney({ amount: refund.amount, currency: payment.data.currency })}</>;
}
