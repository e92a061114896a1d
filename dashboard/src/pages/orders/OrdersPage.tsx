import { ReceiptText } from "lucide-react";
import { Link } from "react-router";

import { useOrders } from "../../api/payments";
import type { Order } from "../../api/schema";
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

const NAMES = ["q", "status", "from", "to"] as const;
const FILTERS: FilterOf<(typeof NAMES)[number]>[] = [
  { name: "q", kind: "search", label: "Search orders", placeholder: "Id or receipt" },
  { name: "status", kind: "choice", label: "Status", values: ["created", "attempted", "paid"] },
  { name: "from", kind: "day", label: "From" },
  { name: "to", kind: "day", label: "To" },
];
const COLUMNS: Column<Order>[] = [
  {
    title: "Order",
    cell: (order) => (
      <Link className="mono" to={`/dashboard/orders/${order.id}`}>
        {order.id}
      </Link>
    ),
  },
  { title: "Receipt", cell: (order) => order.receipt ?? "—" },
  { title: "Amount", align: "end", cell: formatMoney },
  { title: "Status", cell: (order) => <Badge status={order.status} /> },
  { title: "Created", cell: (order) => <Time at={order.created_at} /> },
];

/** All orders, newest first. */
export function OrdersPage() {
  useTitle("Orders");
  const list = useListState(NAMES);
  const { from, to, ...rest } = list.values;
  const query = useOrders({ ...rest, from: dayStart(from), to: dayEnd(to) }, list);
  return (
    <div className="page">
      <PageHead title="Orders" lead="All orders, newest first. Each is paid at most once." />
      <Filters list={list} filters={FILTERS} />
      <ListCard
        label="Orders"
        testId="orders-table"
        list={list}
        query={query}
        columns={COLUMNS}
        keyOf={(order) => order.id}
        rowProps={(order) => ({ "data-test-id": "order-row", "data-order-id": order.id })}
        empty={
          <Empty icon={ReceiptText} title="No orders yet">
            Your server creates them; see the <Link to="/dashboard/docs">docs</Link>.
          </Empty>
        }
      />
    </div>
  );
}
