import { useState, type FormEvent } from "react";

import { useCreateRefund } from "../../api/payments";
import { faultOf } from "../../api/action";
import { newKey } from "../../api/client";
import type { Payment } from "../../api/schema";
import { formatMoney, toMajor, toMinor } from "../../format/money";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { refundable } from "./refundable";

/** Refunds a payment, fully or partly. */
export function RefundDialog({ payment, onClose }: { payment: Payment; onClose: () => void }) {
  const { currency } = payment;
  const left = refundable(payment);
  const [amount, setAmount] = useState(() => toMajor({ amount: left, currency }));
  const [reason, setReason] = useState("");
  const [key] = useState(newKey);
  const refund = useCreateRefund(payment.id);
  const minor = toMinor(amount, currency);
  const fault = wrongWith(minor, left, currency);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (minor === null || fault) return;
    const text = reason.trim();
    refund.mutate({ amount: minor, key, ...(text ? { reason: text } : {}) }, { onSuccess: onClose });
  };
  return (
    <Dialog
      title="Refund"
      text={`${formatMoney({ amount: left, currency })} of ${payment.id} can be refunded.`}
      onClose={onClose}
    >
      <form className="form" onSubmit={submit} data-test-id="refund-form">
        <Field
          label={`Amount in ${currency}`}
          inputMode="decimal"
          data-test-id="refund-amount-input"
          value={amount}
          error={fault ?? faultOf(refund.error, "amount")}
          onChange={(event) => setAmount(event.target.value)}
        />
        <Field
          label="Reason"
          hint="For your records; optional."
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <div className="form__actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            busy={refund.isPending}
            disabled={fault !== null}
            data-test-id="confirm-refund-button"
          >
            {minor !== null && !fault ? `Refund ${formatMoney({ amount: minor, currency })}` : "Refund"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function wrongWith(minor: number | null, left: number, currency: string): string | null {
  if (minor === null) return `Not a valid amount in ${currency}`;
  if (minor < 1) return "The amount must be greater than zero";
  if (minor > left) return `At most ${formatMoney({ amount: left, currency })} can be refunded`;
  return null;
}
