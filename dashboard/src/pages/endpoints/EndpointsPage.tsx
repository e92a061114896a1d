import { Plus, Webhook } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { useEndpoints } from "../../api/endpoints";
import type { WebhookEndpoint } from "../../api/schema";
import { Badge } from "../../ui/Badge";
import { RoleButton } from "../../ui/Button";
import { Card, PageHead } from "../../ui/Card";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";
import { NewEndpointDialog } from "./NewEndpointDialog";

const COLUMNS: Column<WebhookEndpoint>[] = [
  {
    title: "URL",
    cell: (endpoint) => (
      <>
        <Link to={`/dashboard/endpoints/${endpoint.id}`}>{endpoint.url || "no URL yet"}</Link>
        {endpoint.is_default ? <span className="tag">default</span> : null}
      </>
    ),
  },
  { title: "Description", cell: (endpoint) => endpoint.description || "—" },
  { title: "Events", cell: (endpoint) => eventsOf(endpoint) },
  {
    title: "Status",
    cell: (endpoint) => (
      <>
        <Badge status={endpoint.is_enabled ? "enabled" : "disabled"} />
        {endpoint.breaker === "closed" ? null : <span className="tag">does not respond</span>}
      </>
    ),
  },
  {
    title: "Failures in a row",
    align: "end",
    cell: ({ consecutive_failures: failures }) =>
      failures > 0 ? <span className="text--bad">{failures}</span> : failures,
  },
  { title: "Added", cell: (endpoint) => <Time at={endpoint.created_at} /> },
];

/** All webhook endpoints. */
export function EndpointsPage() {
  useTitle("Endpoints");
  const endpoints = useEndpoints();
  const [isAdding, setAdding] = useState(false);
  return (
    <div className="page">
      <PageHead
        title="Endpoints"
        lead="Every endpoint has its own secret and its own subscribed events."
        actions={
          <RoleButton needs="developer" look="primary" icon={Plus} onClick={() => setAdding(true)}>
            Add endpoint
          </RoleButton>
        }
      />
      <Card flush>
        <Loaded query={endpoints} rows={4}>
          {(rows) => (
            <Table
              label="Endpoints"
              testId="endpoints-table"
              columns={COLUMNS}
              rows={rows}
              keyOf={(endpoint) => endpoint.id}
              rowProps={(endpoint) => ({ "data-test-id": "endpoint-row", "data-endpoint-id": endpoint.id })}
              empty={
                <Empty icon={Webhook} title="No endpoints yet">
                  Add the URL of your server.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Card>
      {isAdding ? <NewEndpointDialog onClose={() => setAdding(false)} /> : null}
    </div>
  );
}

function eventsOf({ events }: WebhookEndpoint): string {
  return events.includes("*") ? "all" : events.join(", ");
}
