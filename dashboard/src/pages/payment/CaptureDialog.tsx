import { useState, type FormEvent } from "react";

import { faultOf } from "../../api/action";
import { useCapture } from "../../api/payments";
import type { Payment } from "../../api/schema";
import { formatMoney, toMajor, toMinor } from "../../format/money";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";

/** Captures a part of the authorized amount; the rest is released. */
export function CaptureDialog({ payment, onClose }: { payment: Payment; onClose: () => void }) {
  const { currency } = payment;
  const held = { amount: payment.amount_authorized, currency };
  const [amount, setAmount] = useState(() => toMajor(held));
  const capture = useCapture(payment.id);
  const minor = toMinor(amount, currency);
  const fault =
    minor === null || minor < 1
      ? `Not a valid amount in ${currency}`
      : minor > held.amount
        ? `The authorized amount is ${formatMoney(held)}`
        : null;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!fault) capture.mutate(minor, { onSuccess: onClose });
  };
  return (
    <Dialog
      title="Partial capture"
      text={`The authorized amount is ${formatMoney(held)}. The rest is released.`}
      onClose={onClose}
    >
      <form className="form" onSubmit={submit}>
        <Field
          label={`Amount in ${currency}`}
          inputMode="decimal"
          value={amount}
          error={fault ?? faultOf(capture.error, "amount")}
          onChange={(event) => setAmount(event.target.value)}
        />
        <div className="form__actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={capture.isPending} disabled={fault !== null}>
            Capture
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
