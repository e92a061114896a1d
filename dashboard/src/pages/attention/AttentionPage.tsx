import { CircleCheck } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Link } from "react-router";

import { faultOf } from "../../api/action";
import { useAttention, useResolveAttention } from "../../api/attention";
import type { AttentionItem } from "../../api/schema";
import { OperatorButton } from "../../ui/Button";
import { Card, PageHead } from "../../ui/Card";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { Segments } from "../../ui/Segments";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";

const LISTS = [
  ["open", "Open"],
  ["resolved", "Resolved"],
] as const;

/** Differences between the gateway and a processor, and resolving them. */
export function AttentionPage() {
  useTitle("Attention");
  const [shown, setShown] = useState<"open" | "resolved">("open");
  const [chosen, setChosen] = useState<AttentionItem | null>(null);
  const query = useAttention(shown === "resolved");
  return (
    <div className="page">
      <PageHead
        title="Attention"
        lead="Payments where the gateway and a processor may differ. Check at the processor, then resolve the item."
        actions={<Segments label="Items" values={LISTS} value={shown} onChange={setShown} />}
      />
      <Card title={shown === "open" ? "Open items" : "Resolved items"} flush>
        <Loaded query={query} rows={3}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty icon={CircleCheck} title={shown === "open" ? "Nothing needs attention" : "No resolved items"} />
            ) : (
              <Table
                label="Items"
                testId="attention-table"
                columns={shown === "open" ? openColumns(setChosen) : RESOLVED}
                rows={rows}
                keyOf={({ id }) => id}
                rowProps={({ id }) => ({ "data-test-id": "attention-row", "data-row-id": id })}
              />
            )
          }
        </Loaded>
      </Card>
      {chosen ? <ResolveDialog item={chosen} onClose={() => setChosen(null)} /> : null}
    </div>
  );
}

const KINDS: Record<AttentionItem["kind"], string> = {
  conflict: "Conflicting processor results",
  quarantined: "Callback without a match",
  kept_money: "Charge of a failed payment",
};

const WHAT: Column<AttentionItem>[] = [
  { title: "What", cell: ({ kind }) => KINDS[kind] },
  { title: "Payment", cell: ({ payment_id: id }) => (id ? <Payment id={id} /> : "—") },
  { title: "Processor", cell: ({ processor }) => processor },
  { title: "Reason", cell: ({ reason }) => <span className="table__reason">{reason || "—"}</span> },
  { title: "Since", cell: ({ at }) => <Time at={at} /> },
];

const RESOLVED: Column<AttentionItem>[] = [
  ...WHAT,
  { title: "Resolved", cell: ({ resolved }) => (resolved ? <Time at={resolved.at} /> : "—") },
  { title: "By", cell: ({ resolved }) => resolved?.by ?? "—" },
  { title: "Note", cell: ({ resolved }) => <span className="table__reason">{resolved?.note}</span> },
];

function openColumns(onResolve: (item: AttentionItem) => void): Column<AttentionItem>[] {
  return [
    ...WHAT,
    {
      title: "",
      align: "end",
      cell: (item) => (
        <OperatorButton needs="support" size="small" aria-label={`Resolve ${item.id}`} onClick={() => onResolve(item)}>
          Resolve
        </OperatorButton>
      ),
    },
  ];
}

function Payment({ id }: { id: string }) {
  return (
    <Link className="mono" to={`/dashboard/transactions/${id}`}>
      {id}
    </Link>
  );
}

function ResolveDialog({ item, onClose }: { item: AttentionItem; onClose: () => void }) {
  const [note, setNote] = useState("");
  const resolve = useResolveAttention(item.id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    resolve.mutate(note.trim(), { onSuccess: onClose });
  };
  return (
    <Dialog
      title="Resolve this item"
      text="The item is moved to the resolved items, with your note. No money is moved."
      onClose={onClose}
    >
      <form className="form" onSubmit={submit}>
        <Field
          label="What you found and did"
          required
          maxLength={1000}
          placeholder="The bank confirmed the charge"
          value={note}
          error={faultOf(resolve.error, "note")}
          onChange={(event) => setNote(event.target.value)}
        />
        <div className="form__actions">
          <OperatorButton needs="support" look="primary" type="submit" busy={resolve.isPending}>
            Resolve
          </OperatorButton>
        </div>
      </form>
    </Dialog>
  );
}
