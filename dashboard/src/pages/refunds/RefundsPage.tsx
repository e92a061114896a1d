import { RotateCcw } from "lucide-react";
import { Link } from "react-router";

import { usePaymentOnce, useRefunds } from "../../api/payments";
import type { Refund } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { Badge } from "../../ui/Badge";
import { PageHead } from "../../ui/Card";
import { Filters, type FilterOf } from "../../ui/Filters";
import { dayEnd, dayStart, useListState } from "../../ui/list";
import { ListCard } from "../../ui/ListCard";
import { Empty } from "../../ui/States";
import type { Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";

const NAMES = ["payment_id", "status", "from", "to"] as const;
const FILTERS: FilterOf<(typeof NAMES)[number]>[] = [
  { name: "payment_id", kind: "search", label: "Refunds of a payment", placeholder: "Payment’s id" },
  { name: "status", kind: "choice", label: "Status", values: ["pending", "processed", "failed"] },
  { name: "from", kind: "day", label: "From" },
  { name: "to", kind: "day", label: "To" },
];
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

/** All refunds, newest first. */
export function RefundsPage() {
  useTitle("Refunds");
  const list = useListState(NAMES);
  const { from, to, ...rest } = list.values;
  const query = useRefunds({ ...rest, from: dayStart(from), to: dayEnd(to) }, list);
  return (
    <div className="page">
      <PageHead title="Refunds" lead="All refunds. Create a refund on the page of its payment." />
      <Filters list={list} filters={FILTERS} />
      <ListCard
        label="Refunds"
        testId="refunds-table"
        list={list}
        query={query}
        columns={COLUMNS}
        keyOf={(refund) => refund.id}
        rowProps={(refund) => ({ "data-test-id": "refund-row", "data-refund-id": refund.id })}
        empty={
          <Empty icon={RotateCcw} title="No refunds yet">
            Choose a successful payment in the <Link to="/dashboard/transactions?status=success">transactions</Link>.
          </Empty>
        }
      />
    </div>
  );
}

/** Refunds of the API have no currency; it comes from the payment. */
function Amount({ refund }: { refund: Refund }) {
  const payment = usePaymentOnce(refund.payment_id);
  if (!payment.data) return <span className="text--to-come">…</span>;
  return <>{formatMoney({ amount: refund.amount, currency: payment.data.currency })}</>;
}
