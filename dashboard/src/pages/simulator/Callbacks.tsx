import { PhoneIncoming } from "lucide-react";
import { Link } from "react-router";

import { useCallbacks } from "../../api/simulator";
import type { CallbackListed } from "../../api/schema";
import { Badge } from "../../ui/Badge";
import { Card } from "../../ui/Card";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";

const SHOWN = 10;
const COLUMNS: Column<CallbackListed>[] = [
  { title: "Received", cell: ({ received_at }) => <Time at={received_at} /> },
  { title: "Processor", cell: ({ processor }) => processor },
  {
    title: "Payment",
    cell: ({ payment_id: id }) =>
      id ? (
        <Link className="mono" to={`/dashboard/transactions/${id}`}>
          {id}
        </Link>
      ) : (
        "—"
      ),
  },
  { title: "Effect", cell: ({ effect }) => <Badge status={effect} /> },
  { title: "Why", cell: ({ reason }) => reason ?? "—" },
];

/** The latest callbacks of processors. */
export function Callbacks() {
  const callbacks = useCallbacks();
  return (
    <Card title="Callbacks" note="Newest first" flush>
      <Loaded query={callbacks} rows={4}>
        {(all) => (
          <Table
            label="Callbacks"
            columns={COLUMNS}
            rows={all.slice(0, SHOWN)}
            keyOf={({ id }) => String(id)}
            empty={<Empty icon={PhoneIncoming} title="No callbacks yet" />}
          />
        )}
      </Loaded>
    </Card>
  );
}
