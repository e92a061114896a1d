import { SearchX, Send, Webhook } from "lucide-react";

import { useEndpoints } from "../../api/endpoints";
import type { Delivery } from "../../api/schema";
import { useDeliveries, useRetryDelivery } from "../../api/webhooks";
import { Badge } from "../../ui/Badge";
import { ButtonLink, RoleButton } from "../../ui/Button";
import { Filters, type FilterOf } from "../../ui/Filters";
import { useListState } from "../../ui/list";
import { Pager } from "../../ui/Pager";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Countdown, Time } from "../../ui/Time";
import { ResponseCode } from "./ResponseCode";

// The contract's.
const ROWS = 10;
const NAMES = ["event", "status", "endpoint_id", "payment_id"] as const;
const STATUSES = [
  ["success", "success"],
  ["pending", "pending"],
  ["failed", "failed"],
] as const;

/** All deliveries and their attempts, ten per page. */
export function DeliveryLog() {
  const list = useListState(NAMES, ROWS);
  const query = useDeliveries(list.values, list);
  return (
    <>
      <div className="card__filters">
        <Filters list={list} filters={useFilters()} />
      </div>
      <Loaded query={query} rows={ROWS}>
        {({ data, total, total_is_bounded, next_cursor }) => (
          <>
            <Table
              label="Webhook logs"
              testId="webhook-logs-table"
              columns={COLUMNS}
              rows={data}
              keyOf={(delivery) => delivery.id}
              rowProps={(delivery) => ({ "data-test-id": "webhook-log-item", "data-webhook-id": delivery.id })}
              isStale={query.isPlaceholderData}
              empty={list.isFiltered ? <NoMatch /> : <NothingSent />}
            />
            <Pager
              page={list.page}
              rows={list.limit}
              total={total}
              isBounded={total_is_bounded}
              next={query.isPlaceholderData ? null : next_cursor}
              onPage={list.turn}
            />
          </>
        )}
      </Loaded>
    </>
  );
}

function useFilters(): FilterOf<(typeof NAMES)[number]>[] {
  const endpoints = useEndpoints();
  const places = (endpoints.data ?? []).map(({ id, url }): [string, string] => [id, url || "no URL yet"]);
  return [
    { name: "event", kind: "search", label: "Event", placeholder: "Event, such as payment.success" },
    { name: "payment_id", kind: "search", label: "Webhooks of a payment", placeholder: "Payment’s id" },
    { name: "status", kind: "choice", label: "Status", values: STATUSES.map(([code, words]) => [code, words]) },
    ...(places.length > 1 ? [{ name: "endpoint_id", kind: "choice", label: "Endpoint", values: places } as const] : []),
  ];
}

function NothingSent() {
  return (
    <Empty icon={Webhook} title="No webhooks yet">
      Save a URL, then create a payment or send a test.
    </Empty>
  );
}

function NoMatch() {
  return (
    <Empty icon={SearchX} title="No matching webhook">
      Remove a filter.
    </Empty>
  );
}

const COLUMNS: Column<Delivery>[] = [
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
  { title: "Actions", align: "end", cell: (delivery) => <Actions delivery={delivery} /> },
];

function Actions({ delivery }: { delivery: Delivery }) {
  const retry = useRetryDelivery();
  return (
    <div className="actions">
      {delivery.status === "pending" && delivery.next_retry_at ? (
        <span className="actions__note">
          next <Countdown to={delivery.next_retry_at} />
        </span>
      ) : null}
      <ButtonLink
        look="quiet"
        size="small"
        to={`/dashboard/webhooks/${delivery.id}`}
        aria-label={`Details of ${delivery.event}`}
      >
        Details
      </ButtonLink>
      <RoleButton
        needs="support"
        size="small"
        icon={Send}
        busy={retry.isPending}
        data-test-id="retry-webhook-button"
        data-webhook-id={delivery.id}
        onClick={() => retry.mutate(delivery)}
      >
        Retry
      </RoleButton>
    </div>
  );
}
