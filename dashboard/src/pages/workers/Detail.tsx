import { ServerOff } from "lucide-react";

import { useWorkers } from "../../api/work";
import type { QueueFigures, WorkerShown } from "../../api/schema";
import { Badge } from "../../ui/Badge";
import { Card } from "../../ui/Card";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Ago, Time } from "../../ui/Time";
import { Stuck } from "./Stuck";

/** Stuck work and queues. */
export function Queues() {
  const workers = useWorkers();
  return (
    <Loaded query={workers} rows={6}>
      {({ stuck, queues }) => (
        <>
          <Stuck rows={stuck} />
          <Card title="Queues" flush>
            <Table
              label="Queues"
              testId="queues-table"
              columns={QUEUES}
              rows={queues}
              keyOf={({ name }) => name}
              rowProps={({ name }) => ({ "data-test-id": "queue-row", "data-queue": name })}
            />
          </Card>
        </>
      )}
    </Loaded>
  );
}

/** The worker processes. */
export function Processes() {
  const workers = useWorkers();
  return (
    <Card title="Processes" note="Each sends a heartbeat every few seconds" flush>
      <Loaded query={workers} rows={2}>
        {({ workers: rows }) => (
          <Table
            label="Processes"
            testId="workers-table"
            columns={WORKERS}
            rows={rows}
            keyOf={({ id }) => id}
            rowProps={() => ({ "data-test-id": "worker-row" })}
            empty={<Empty icon={ServerOff} title="No workers" />}
          />
        )}
      </Loaded>
    </Card>
  );
}

const NAMES: Record<QueueFigures["name"], string> = { payments: "Payments", refunds: "Refunds", webhooks: "Webhooks" };
const number = (figure: number) => figure.toLocaleString("en-IN");

const QUEUES: Column<QueueFigures>[] = [
  { title: "Queue", cell: ({ name }) => <span className="strong">{NAMES[name]}</span> },
  { title: "Waiting", align: "end", cell: ({ waiting }) => number(waiting) },
  { title: "Due now", align: "end", cell: ({ due }) => number(due) },
  { title: "In progress", align: "end", cell: ({ leased }) => number(leased) },
  {
    title: "Dead-letter",
    align: "end",
    cell: ({ dead_lettered: dead }) => <span className={dead > 0 ? "text--bad" : undefined}>{number(dead)}</span>,
  },
  { title: "Oldest due", align: "end", cell: ({ oldest_due_at: at }) => (at ? <Ago at={at} /> : "—") },
];

const WORKERS: Column<WorkerShown>[] = [
  { title: "Process", cell: ({ id }) => <span className="mono">{id}</span> },
  { title: "Kind", cell: ({ kind }) => kind },
  { title: "State", cell: ({ is_alive: isAlive }) => <Badge status={isAlive ? "running" : "stopped"} /> },
  { title: "Last heartbeat", cell: ({ heartbeat_at: at }) => <Ago at={at} /> },
  { title: "Started", cell: ({ started_at: at }) => <Time at={at} /> },
];
