import { RotateCcw } from "lucide-react";

import { useRefunds } from "../../api/payments";
import type { Payment, Refund } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { Badge } from "../../ui/Badge";
import { Card } from "../../ui/Card";
import { notesInShort } from "../../ui/Notes";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Time } from "../../ui/Time";

const SHOWN = 100;

/** The refunds of a payment. */
export function PaymentRefunds({ payment }: { payment: Payment }) {
  const refunds = useRefunds({ payment_id: payment.id }, { limit: SHOWN, offset: 0 });
  if (payment.status !== "success") return null;
  return (
    <Card title="Refunds" flush testId="payment-refunds">
      <Loaded query={refunds} rows={2}>
        {({ data }) => (
          <Table
            label="Refunds of this payment"
            columns={columns(payment.currency, data)}
            rows={data}
            keyOf={(refund) => refund.id}
            rowProps={(refund) => ({ "data-test-id": "refund-row", "data-refund-id": refund.id })}
            empty={<Empty icon={RotateCcw} title="No refunds" />}
          />
        )}
      </Loaded>
    </Card>
  );
}

/** Returns the columns; without one for notes if no refund has any. */
function columns(currency: string, refunds: Refund[]): Column<Refund>[] {
  const notes: Column<Refund> = { title: "Notes", cell: (refund) => notesInShort(refund.notes) ?? "—" };
  return [
    { title: "Refund", cell: (refund) => <span className="mono">{refund.id}</span> },
    { title: "Amount", align: "end", cell: ({ amount }) => formatMoney({ amount, currency }) },
    { title: "Status", cell: (refund) => <Badge status={refund.status} /> },
    { title: "Reason", cell: (refund) => refund.reason ?? "—" },
    ...(refunds.some((refund) => notesInShort(refund.notes)) ? [notes] : []),
    { title: "Requested", cell: (refund) => <Time at={refund.created_at} /> },
  ];
}
