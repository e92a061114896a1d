import { useState } from "react";
import { Link } from "react-router";

import { useReleaseStuck } from "../../api/work";
import type { StuckRow } from "../../api/schema";
import { count } from "../../format/words";
import { Badge } from "../../ui/Badge";
import { RoleButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Confirm } from "../../ui/Confirm";
import { Table, type Column } from "../../ui/Table";
import { Ago } from "../../ui/Time";

/** Stuck work, and releasing it; hidden if there is none. */
export function Stuck({ rows }: { rows: StuckRow[] }) {
  const [chosen, setChosen] = useState<StuckRow | null>(null);
  if (rows.length === 0 && !chosen) return null;
  return (
    <Card title="Stuck" note={`${count(rows.length, "row")} that no worker continues`} flush>
      <Table
        label="Stuck work"
        testId="stuck-table"
        columns={columns(setChosen)}
        rows={rows}
        keyOf={({ queue, id }) => `${queue} ${id}`}
        rowProps={({ id }) => ({ "data-test-id": "stuck-row", "data-row-id": id })}
      />
      {chosen ? <Release row={chosen} onClose={() => setChosen(null)} /> : null}
    </Card>
  );
}

const STATES: Record<StuckRow["state"], string> = { overdue: "overdue", dead_lettered: "dead-letter" };

function columns(onRelease: (row: StuckRow) => void): Column<StuckRow>[] {
  return [
    { title: "Work", cell: (row) => <Work row={row} /> },
    { title: "Queue", cell: ({ queue }) => queue },
    { title: "State", cell: ({ state }) => <Badge status={STATES[state]} /> },
    { title: "Reason", cell: ({ reason }) => <span className="table__reason">{reason || "not claimed"}</span> },
    { title: "Due", cell: ({ due_at: at }) => (at ? <Ago at={at} /> : "—") },
    { title: "Begun", align: "end", cell: ({ claims }) => claims.toLocaleString("en-IN") },
    {
      title: "",
      align: "end",
      cell: (row) => (
        <RoleButton needs="support" size="small" aria-label={`Release ${row.id}`} onClick={() => onRelease(row)}>
          Release
        </RoleButton>
      ),
    },
  ];
}

function Work({ row: { id, queue, payment_id: payment } }: { row: StuckRow }) {
  if (queue === "webhooks")
    return (
      <Link className="mono" to={`/dashboard/webhooks/${id}`}>
        {id}
      </Link>
    );
  if (payment)
    return (
      <Link className="mono" to={`/dashboard/transactions/${payment}`}>
        {payment}
      </Link>
    );
  return <span className="mono">{id}</span>;
}

/** What a release does. */
function consequence({ queue, state }: StuckRow): string {
  if (queue === "webhooks")
    return "The delivery is sent at once, and retried until it succeeds. Your server may have received it before.";
  if (state === "overdue") return "A worker claims it at once.";
  return "A worker queries the processor again. The operation is not repeated.";
}

function Release({ row, onClose }: { row: StuckRow; onClose: () => void }) {
  const release = useReleaseStuck();
  return (
    <Confirm
      title={`Release ${row.id}`}
      text={consequence(row)}
      act="Release"
      busy={release.isPending}
      onConfirm={() => release.mutate(row, { onSettled: onClose })}
      onClose={onClose}
    />
  );
}
