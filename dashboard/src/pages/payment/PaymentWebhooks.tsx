import { Send, Webhook } from "lucide-react";
import { Link } from "react-router";

import type { Delivery, Payment } from "../../api/schema";
import { useDeliveries, useRetryDelivery } from "../../api/webhooks";
import { Badge } from "../../ui/Badge";
import { RoleButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { ResponseCode } from "../webhooks/ResponseCode";

const SHOWN = 100;
const COLUMNS: Column<Delivery>[] = [
  {
    title: "Event",
    cell: (delivery) => (
      <Link className="strong" to={`/dashboard/webhooks/${delivery.id}`}>
        {delivery.event}
      </Link>
    ),
  },
  { title: "Status", cell: (delivery) => <Badge status={delivery.status} /> },
  { title: "Tries", align: "end", cell: (delivery) => delivery.attempts },
  { title: "Answer", align: "end", cell: (delivery) => <ResponseCode code={delivery.response_code} /> },
  { title: "", align: "end", cell: (delivery) => <Again delivery={delivery} /> },
];

/** The webhook deliveries of a payment. */
export function PaymentWebhooks({ payment }: { payment: Payment }) {
  const deliveries = useDeliveries({ payment_id: payment.id }, { limit: SHOWN, offset: 0 });
  return (
    <Card title="Webhooks" flush testId="payment-webhooks">
      <Loaded query={deliveries} rows={2}>
        {({ data }) => (
          <Table
            label="Webhooks of this payment"
            columns={COLUMNS}
            rows={data}
            keyOf={(delivery) => delivery.id}
            empty={
              <Empty icon={Webhook} title="No webhooks">
                There is no <Link to="/dashboard/endpoints">endpoint</Link> for it.
              </Empty>
            }
          />
        )}
      </Loaded>
    </Card>
  );
}

function Again({ delivery }: { delivery: Delivery }) {
  const retry = useRetryDelivery();
  return (
    <RoleButton
      needs="support"
      size="small"
      icon={Send}
      busy={retry.isPending}
      aria-label={`Send ${delivery.event} again`}
      onClick={() => retry.mutate(delivery)}
    >
      Send again
    </RoleButton>
  );
}
