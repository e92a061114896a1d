import { ArrowLeftRight, ExternalLink } from "lucide-react";
import { useParams } from "react-router";

import { useOrder, usePayments } from "../../api/payments";
import type { Order, OrderInFull } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { checkoutOrigin } from "../../page-meta";
import { Badge } from "../../ui/Badge";
import { Card } from "../../ui/Card";
import { Copy } from "../../ui/Copy";
import { Facts } from "../../ui/Facts";
import { Notes } from "../../ui/Notes";
import { Empty, Loaded } from "../../ui/States";
import { Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";
import { PaymentsOfOrder } from "./PaymentsOfOrder";

/** One order and its payments. */
export function OrderPage() {
  const { id = "" } = useParams();
  useTitle(id);
  const order = useOrder(id);
  return (
    <div className="page" data-test-id="order-page">
      <Loaded query={order} rows={8}>
        {(found) => <Found order={found} />}
      </Loaded>
    </div>
  );
}

const TRIES_SHOWN = 100;

function Found({ order }: { order: Order & Partial<OrderInFull> }) {
  const tries = usePayments({ order_id: order.id }, { limit: TRIES_SHOWN, offset: 0 });
  return (
    <>
      <header className="page-head">
        <div>
          <p className="page-head__kind">
            Order <span className="mono">{order.id}</span>
            <Copy text={order.id} what="the order’s id" />
          </p>
          <h1 className="page-head__money">
            {formatMoney(order)} <Badge status={order.status} />
          </h1>
        </div>
        {order.status === "paid" ? null : (
          <div className="page-head__actions">
            <a
              className="button button--plain"
              href={checkoutOf(order)}
              target="_blank"
              rel="noreferrer"
              data-test-id="open-checkout"
            >
              Open checkout
              <ExternalLink className="icon" aria-hidden />
            </a>
          </div>
        )}
      </header>
      <div className="columns columns--wide-first">
        <Card title="Payments" note="Newest first" flush>
          <Loaded query={tries} rows={3}>
            {({ data }) => (
              <PaymentsOfOrder
                payments={data}
                empty={<Empty icon={ArrowLeftRight} title="No payments yet" />}
              />
            )}
          </Loaded>
        </Card>
        <Card title="Details">
          <Facts
            facts={[
              ["Receipt", order.receipt],
              ["Amount", formatMoney(order)],
              ["Created", <Time key="created" at={order.created_at} />],
              ["Last change", <Time key="updated" at={order.updated_at} />],
            ]}
          />
          <Notes notes={order.notes} />
        </Card>
      </div>
    </>
  );
}

/** The checkout's URL. The secret is in the fragment, which is not sent to servers. */
function checkoutOf({ id, client_secret: secret }: Order & Partial<OrderInFull>): string {
  const fragment = secret ? `#client_secret=${encodeURIComponent(secret)}` : "";
  return `${checkoutOrigin()}/checkout?order_id=${encodeURIComponent(id)}${fragment}`;
}
