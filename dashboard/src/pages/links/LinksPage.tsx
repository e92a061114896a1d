import { Link as LinkIcon, Plus } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { useCancelLink, usePaymentLinks } from "../../api/links";
import type { PaymentLink } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { Badge } from "../../ui/Badge";
import { RoleButton } from "../../ui/Button";
import { PageHead } from "../../ui/Card";
import { Confirm } from "../../ui/Confirm";
import { Copy } from "../../ui/Copy";
import { Filters, type FilterOf } from "../../ui/Filters";
import { dayEnd, dayStart, useListState } from "../../ui/list";
import { ListCard } from "../../ui/ListCard";
import { Empty } from "../../ui/States";
import type { Column } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";
import { NewLinkDialog } from "./NewLinkDialog";

const NAMES = ["status", "from", "to"] as const;
const FILTERS: FilterOf<(typeof NAMES)[number]>[] = [
  { name: "status", kind: "choice", label: "Status", values: ["created", "paid", "cancelled", "expired"] },
  { name: "from", kind: "day", label: "From" },
  { name: "to", kind: "day", label: "To" },
];

/** All payment links, newest first. */
export function LinksPage() {
  useTitle("Payment links");
  const list = useListState(NAMES);
  const { from, to, ...rest } = list.values;
  const query = usePaymentLinks({ ...rest, from: dayStart(from), to: dayEnd(to) }, list);
  const [isMaking, setMaking] = useState(false);
  const [toCancel, setToCancel] = useState<PaymentLink | null>(null);
  return (
    <div className="page">
      <PageHead
        title="Payment links"
        lead="Send the address of a link to a shopper. Each is paid at most once."
        actions={
          <RoleButton needs="developer" look="primary" icon={Plus} onClick={() => setMaking(true)}>
            Create link
          </RoleButton>
        }
      />
      <Filters list={list} filters={FILTERS} />
      <ListCard
        label="Payment links"
        testId="links-table"
        list={list}
        query={query}
        columns={columns(setToCancel)}
        keyOf={(link) => link.id}
        rowProps={(link) => ({ "data-test-id": "link-row", "data-link-id": link.id })}
        empty={
          <Empty icon={LinkIcon} title="No payment links yet">
            Create one, and send its address.
          </Empty>
        }
      />
      {isMaking ? <NewLinkDialog onClose={() => setMaking(false)} /> : null}
      {toCancel ? <CancelDialog link={toCancel} onClose={() => setToCancel(null)} /> : null}
    </div>
  );
}

function columns(onCancel: (link: PaymentLink) => void): Column<PaymentLink>[] {
  return [
    {
      title: "Link",
      cell: ({ id, url }) => (
        <span className="magic">
          <span className="mono">{id}</span>
          {url ? <Copy text={url} what="the link’s address" /> : null}
        </span>
      ),
    },
    { title: "Description", cell: ({ description }) => description ?? "—" },
    { title: "Amount", align: "end", cell: formatMoney },
    {
      title: "Status",
      cell: ({ status, payment_in_progress: isInProgress }) => (
        <>
          <Badge status={status} />
          {isInProgress ? <span className="tag">payment in progress</span> : null}
        </>
      ),
    },
    {
      title: "Order",
      cell: ({ order_id: id }) => (
        <Link className="mono" to={`/dashboard/orders/${id}`}>
          {id}
        </Link>
      ),
    },
    { title: "Expires", cell: ({ expires_at: at }) => (at ? <Time at={at} /> : "never") },
    { title: "Created", cell: ({ created_at: at }) => <Time at={at} /> },
    {
      title: "",
      align: "end",
      cell: (link) =>
        link.status === "created" ? (
          <RoleButton
            needs="developer"
            size="small"
            look="danger"
            aria-label={`Cancel ${link.id}`}
            onClick={() => onCancel(link)}
          >
            Cancel
          </RoleButton>
        ) : null,
    },
  ];
}

function CancelDialog({ link, onClose }: { link: PaymentLink; onClose: () => void }) {
  const cancel = useCancelLink();
  return (
    <Confirm
      title={`Cancel ${link.id}`}
      text="No payment of this link can begin any more. A payment that is in progress may still succeed."
      act="Cancel link"
      isDangerous
      busy={cancel.isPending}
      onConfirm={() => cancel.mutate(link, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
