import { ArrowLeftRight } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { usePayments } from "../../api/payments";
import type { Payment } from "../../api/schema";
import { PageHead } from "../../ui/Card";
import { Filters, type FilterOf } from "../../ui/Filters";
import { dayEnd, dayStart, useListState } from "../../ui/list";
import { ListCard } from "../../ui/ListCard";
import { Panels } from "../../ui/Panels";
import { Empty } from "../../ui/States";
import { useTitle } from "../../ui/title";
import { RefundDialog } from "../payment/RefundDialog";
import { columns } from "./columns";

const NAMES = ["q", "status", "method", "from", "to"] as const;
const FILTERS: FilterOf<(typeof NAMES)[number]>[] = [
  { name: "q", kind: "search", label: "Search payments", placeholder: "Id, VPA, last four digits, reason" },
  {
    name: "status",
    kind: "choice",
    label: "Status",
    values: ["success", "pending", "authorized", "failed", "cancelled"],
  },
  {
    name: "method",
    kind: "choice",
    label: "Method",
    values: [
      ["upi", "UPI"],
      ["card", "Card"],
    ],
  },
  { name: "from", kind: "day", label: "From" },
  { name: "to", kind: "day", label: "To" },
];

/** Every payment, newest first, with the columns of the wire contract. The table is shown even if it is empty. */
export function TransactionsPage() {
  useTitle("Transactions");
  const list = useListState(NAMES);
  const { from, to, ...rest } = list.values;
  const query = usePayments({ ...rest, from: dayStart(from), to: dayEnd(to) }, list);
  const [toRefund, setToRefund] = useState<Payment | null>(null);
  return (
    <div className="page">
      <PageHead title="Transactions" lead="All payments, newest first." />
      <Filters list={list} filters={FILTERS} />
      <ListCard
        label="Transactions"
        noun="payment"
        testId="transactions-table"
        list={list}
        query={query}
        columns={columns(setToRefund)}
        keyOf={(payment) => payment.id}
        rowProps={(payment) => ({ "data-test-id": "transaction-row", "data-payment-id": payment.id })}
        empty={
          <Empty icon={ArrowLeftRight} title="No payments yet">
            Create one in the <Link to="/dashboard/playground">playground</Link>, or see the{" "}
            <Link to="/dashboard/docs">docs</Link>.
          </Empty>
        }
      />
      <Panels place="payments" />
      {toRefund ? <RefundDialog payment={toRefund} onClose={() => setToRefund(null)} /> : null}
    </div>
  );
}
