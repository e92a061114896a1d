import { ReceiptText } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { useOrderPage } from "../api/queries";
import type { Order } from "../api/types";
import { formatMoney } from "../format/money";
import { Badge } from "../ui/Badge";
import { Card, PageHead } from "../ui/Card";
import { Pager } from "../ui/Pager";
import { Empty, Loaded } from "../ui/States";
import { Table, type Column } from "../ui/Table";
import { Time } from "../ui/Time";
import { useTitle } from "../ui/title";

const ROWS = 20;
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

/** What is to be paid, newest first. */
export function OrdersPage() {
  useTitle("Orders");
  const [page, setPage] = useState(0);
  const query = useOrderPage(page, ROWS);
  return (
    <div className="page">
      <PageHead title="Orders" lead="What is to be paid. Each is paid at most once." />
      <Card flush>
        <Loaded query={query} rows={10}>
          {({ data, total }) => (
            <>
              <Table
                label="Orders"
                testId="orders-table"
                columns={COLUMNS}
                rows={data}
                keyOf={(order) => order.id}
                rowProps={(order) => ({ "data-test-id": "order-row", "data-order-id": order.id })}
                isStale={query.isPlaceholderData}
                empty={
                  <Empty icon={ReceiptText} title="No orders yet">
                    Your server makes them; see the <Link to="/dashboard/docs">docs</Link>.
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
