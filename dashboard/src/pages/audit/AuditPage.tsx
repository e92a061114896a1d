import { ScrollText } from "lucide-react";
import { Link } from "react-router";

import { useAudit } from "../../api/audit";
import type { AuditActor, AuditEntry } from "../../api/schema";
import { PageHead } from "../../ui/Card";
import { Facts } from "../../ui/Facts";
import { Filters, type FilterOf } from "../../ui/Filters";
import { Json } from "../../ui/Json";
import { useListState } from "../../ui/list";
import { ListCard } from "../../ui/ListCard";
import { Empty } from "../../ui/States";
import type { Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";
import { formatTime } from "../../format/time";
import { placeOf } from "./subjects";

const NAMES = ["action", "actor", "subject"] as const;
type Name = (typeof NAMES)[number];
const FILTERS: FilterOf<Name>[] = [
  { name: "action", kind: "search", label: "Action", placeholder: "Action, such as refund.create" },
  { name: "actor", kind: "search", label: "Actor", placeholder: "Actor: an e-mail address or a key" },
  { name: "subject", kind: "search", label: "Subject", placeholder: "Subject’s id" },
];

/** The audit log, newest first. */
export function AuditPage() {
  useTitle("Audit");
  const list = useListState(NAMES);
  const query = useAudit(list.values, list);
  return (
    <div className="page">
      <PageHead
        title="Audit"
        lead="All changes by users, and changes of the gateway by programs. Entries are never deleted."
      />
      <Filters list={list} filters={FILTERS} />
      <ListCard
        label="Changes"
        testId="audit-table"
        list={list}
        query={query}
        columns={COLUMNS}
        keyOf={({ id }) => String(id)}
        rowProps={({ action }) => ({ "data-test-id": "audit-row", "data-action": action })}
        more={{
          label: ({ action, at }) => `Details of ${action}, ${formatTime(at)}`,
          show: (entry) => <More entry={entry} />,
        }}
        empty={
          <Empty icon={ScrollText} title="No entries yet">
            Try it: <Link to="/dashboard/keys">create a key</Link>.
          </Empty>
        }
      />
    </div>
  );
}

const COLUMNS: Column<AuditEntry>[] = [
  { title: "When", cell: ({ at }) => <Time at={at} /> },
  { title: "Who", cell: ({ actor }) => <Who actor={actor} /> },
  { title: "Action", cell: ({ action }) => <Only name="action" value={action} isCode /> },
  {
    title: "Subject",
    cell: ({ subject }) => (subject ? <Only name="subject" value={subject} isCode /> : "—"),
  },
  { title: "From", cell: ({ ip }) => ip ?? "—" },
];

const KINDS: Record<AuditActor["kind"], string> = {
  user: "user",
  key: "an API key",
  anybody: "anonymous",
  system: "system",
};

function Who({ actor }: { actor: AuditActor }) {
  if (actor.kind === "anybody" || actor.kind === "system") return <>{KINDS[actor.kind]}</>;
  return <Only name="actor" value={actor.label} isCode={actor.kind === "key"} />;
}

interface OnlyProps {
  name: Name;
  value: string;
  isCode: boolean;
}

/** A link that filters by the value. */
function Only({ name, value, isCode }: OnlyProps) {
  return (
    <Link
      to={`?${new URLSearchParams({ [name]: value })}`}
      title={`All with this ${name}`}
      className={isCode ? "mono link--calm" : "link--calm"}
    >
      {value}
    </Link>
  );
}

function More({ entry }: { entry: AuditEntry }) {
  const { actor, detail } = entry;
  const place = placeOf(entry);
  return (
    <>
      <Facts
        facts={[
          ["Who", `${actor.label}, ${KINDS[actor.kind]}`],
          [
            "Actor id",
            <span key="id" className="mono">
              {actor.id || "—"}
            </span>,
          ],
          [
            "Page",
            place ? (
              <Link key="place" className="mono" to={place}>
                {place.replace("/dashboard/", "")}
              </Link>
            ) : null,
          ],
        ]}
      />
      {Object.keys(detail).length > 0 ? (
        <Json label="Detail" value={detail} />
      ) : (
        <p className="footnote">No further details.</p>
      )}
    </>
  );
}
