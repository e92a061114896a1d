import { Send, Webhook } from "lucide-react";
import { useState } from "react";

import { useRetryDelivery } from "../../api/actions";
import { useDeliveryPage } from "../../api/queries";
import type { Delivery } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Pager } from "../../ui/Pager";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Countdown, Time } from "../../ui/Time";
import { DeliveryDialog } from "./DeliveryDialog";
import { ResponseCode } from "./ResponseCode";

const ROWS = 10;

/** Every delivery and its tries, ten at a time. */
export function DeliveryLog() {
  const [page, setPage] = useState(0);
  const [opened, setOpened] = useState<Delivery | null>(null);
  const query = useDeliveryPage(page, ROWS);
  // As it is now, while it is on this page of the list; as it was, once it has moved on.
  const current = query.data?.data.find(({ id }) => id === opened?.id) ?? opened;
  return (
    <Loaded query={query} rows={ROWS}>
      {({ data, total }) => (
        <>
          <Table
            label="Webhook logs"
            testId="webhook-logs-table"
            columns={columns(setOpened)}
            rows={data}
            keyOf={(delivery) => delivery.id}
            rowProps={(delivery) => ({ "data-test-id": "webhook-log-item", "data-webhook-id": delivery.id })}
            isStale={query.isPlaceholderData}
            empty={
              <Empty icon={Webhook} title="No webhooks yet">
                Save a URL, then pay something or send a test.
              </Empty>
            }
          />
          <Pager page={page} rows={ROWS} total={total} onPage={setPage} />
          {opened && current ? <DeliveryDialog delivery={current} onClose={() => setOpened(null)} /> : null}
        </>
      )}
    </Loaded>
  );
}

function columns(onOpen: (delivery: Delivery) => void): Column<Delivery>[] {
  return [
    { title: "Event", testId: "webhook-event", cell: (delivery) => <span className="strong">{delivery.event}</span> },
    { title: "Status", testId: "webhook-status", cell: (delivery) => <Badge status={delivery.status} /> },
    { title: "Attempts", testId: "webhook-attempts", align: "end", cell: (delivery) => delivery.attempts },
    {
      title: "Last Attempt",
      testId: "webhook-last-attempt",
      cell: (delivery) => (delivery.last_attempt_at ? <Time at={delivery.last_attempt_at} /> : "—"),
    },
    {
      title: "Response Code",
      testId: "webhook-response-code",
      align: "end",
      cell: (delivery) => <ResponseCode code={delivery.response_code} />,
    },
    { title: "Actions", align: "end", cell: (delivery) => <Actions delivery={delivery} onOpen={onOpen} /> },
  ];
}

function Actions({ delivery, onOpen }: { delivery: Delivery; onOpen: (delivery: Delivery) => void }) {
  const retry = useRetryDelivery();
  return (
    <div className="actions">
      {delivery.status === "pending" && delivery.next_retry_at ? (
        <span className="actions__note">
          next <Countdown to={delivery.next_retry_at} />
        </span>
      ) : null}
      <Button look="quiet" size="small" aria-label={`Details of ${delivery.event}`} onClick={() => onOpen(delivery)}>
        Details
      </Button>
      <Button
        size="small"
        icon={Send}
        busy={retry.isPending}
        data-test-id="retry-webhook-button"
        data-webhook-id={delivery.id}
        onClick={() => retry.mutate(delivery)}
      >
        Retry
      </Button>
    </div>
  );
}
