import { useState, type FormEvent } from "react";

import { faultOf } from "../../api/action";
import { newKey } from "../../api/client";
import { useCreateLink } from "../../api/links";
import type { PaymentLink, PaymentLinkRequest } from "../../api/schema";
import { formatMoney, toMinor } from "../../format/money";
import { Button, RoleButton } from "../../ui/Button";
import { Copy } from "../../ui/Copy";
import { Dialog } from "../../ui/Dialog";
import { Choice, Field } from "../../ui/Field";
import { CURRENCIES } from "../playground/scenarios";

interface Draft {
  amount: string;
  currency: string;
  description: string;
  receipt: string;
  /** A local time such as `2026-01-31T18:00`; empty for never. */
  expires: string;
}

const FIRST: Draft = { amount: "", currency: "INR", description: "", receipt: "", expires: "" };

/** Creates a payment link, and shows its address. */
export function NewLinkDialog({ onClose }: { onClose: () => void }) {
  const [draft, setDraft] = useState(FIRST);
  const [key, setKey] = useState(newKey);
  const create = useCreateLink();
  const change = (changed: Partial<Draft>) => {
    setDraft({ ...draft, ...changed });
    setKey(newKey());
  };
  const minor = toMinor(draft.amount, draft.currency);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (minor !== null) create.mutate({ key, body: bodyOf(draft, minor) });
  };
  if (create.data) return <Created link={create.data} onClose={onClose} />;
  return (
    <Dialog title="Create link" onClose={onClose}>
      <form className="form" onSubmit={submit} data-test-id="link-form">
        <div className="form__pair">
          <Field
            label="Amount"
            required
            inputMode="decimal"
            placeholder="499.00"
            value={draft.amount}
            error={
              draft.amount && minor === null
                ? `Not a valid amount in ${draft.currency}`
                : faultOf(create.error, "amount")
            }
            onChange={({ target }) => change({ amount: target.value })}
          />
          <Choice label="Currency" value={draft.currency} onChange={({ target }) => change({ currency: target.value })}>
            {CURRENCIES.map((currency) => (
              <option key={currency}>{currency}</option>
            ))}
          </Choice>
        </div>
        <Field
          label="Description"
          hint="The shopper sees it; optional."
          maxLength={255}
          value={draft.description}
          error={faultOf(create.error, "description")}
          onChange={({ target }) => change({ description: target.value })}
        />
        <Field
          label="Receipt"
          hint="Your own reference; optional."
          maxLength={255}
          value={draft.receipt}
          error={faultOf(create.error, "receipt")}
          onChange={({ target }) => change({ receipt: target.value })}
        />
        <Field
          label="Expires"
          type="datetime-local"
          hint="From then on no payment begins; optional."
          value={draft.expires}
          error={faultOf(create.error, "expires_at")}
          onChange={({ target }) => change({ expires: target.value })}
        />
        <div className="form__actions">
          <Button onClick={onClose}>Cancel</Button>
          <RoleButton needs="developer" look="primary" type="submit" busy={create.isPending} disabled={minor === null}>
            Create link
          </RoleButton>
        </div>
      </form>
    </Dialog>
  );
}

function Created({ link, onClose }: { link: PaymentLink; onClose: () => void }) {
  const url = link.url ?? "";
  return (
    <Dialog title="Send this address" text={`It can be used to pay ${formatMoney(link)}, once.`} onClose={onClose}>
      <div className="credentials" data-test-id="link-address">
        <div className="credential">
          <span className="credential__label">Address</span>
          <span className="mono credential__value">{url}</span>
          <Copy text={url} what="the link’s address" />
        </div>
      </div>
      <div className="form__actions">
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

function bodyOf(draft: Draft, amount: number): PaymentLinkRequest {
  const description = draft.description.trim();
  const receipt = draft.receipt.trim();
  return {
    amount,
    currency: draft.currency as NonNullable<PaymentLinkRequest["currency"]>,
    ...(description ? { description } : {}),
    ...(receipt ? { receipt } : {}),
    ...(draft.expires ? { expires_at: new Date(draft.expires).toISOString() } : {}),
  };
}
