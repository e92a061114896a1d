import { Check, Undo2, X } from "lucide-react";
import { useState } from "react";

import { useCancel, useCapture } from "../../api/actions";
import type { Payment } from "../../api/types";
import { formatMoney } from "../../format/money";
import { Button } from "../../ui/Button";
import { newKey, RefundDialog } from "./RefundDialog";
import { refundable } from "./refundable";

/** What can be done with a payment where it stands; nothing else is offered. */
export function PaymentActions({ payment }: { payment: Payment }) {
  const [isRefunding, setRefunding] = useState(false);
  const capture = useCapture(payment.id);
  const cancel = useCancel(payment.id);
  const isHeld = payment.substatus === "authorized";
  const isCapturable = isHeld || (payment.status === "success" && !payment.captured);
  return (
    <div className="page-head__actions">
      {isHeld ? (
        <Button look="danger" icon={X} busy={cancel.isPending} onClick={() => cancel.mutate(undefined)}>
          Release the hold
        </Button>
      ) : null}
      {isCapturable ? (
        <Button
          look={isHeld ? "primary" : "plain"}
          icon={Check}
          busy={capture.isPending}
          data-test-id="capture-button"
          onClick={() => capture.mutate(newKey())}
        >
          {isHeld ? `Capture ${formatMoney(payment)}` : "Capture"}
        </Button>
      ) : null}
      {refundable(payment) > 0 ? (
        <Button
          icon={Undo2}
          data-test-id="refund-button"
          data-payment-id={payment.id}
          onClick={() => setRefunding(true)}
        >
          Refund
        </Button>
      ) : null}
      {isRefunding ? <RefundDialog payment={payment} onClose={() => setRefunding(false)} /> : null}
    </div>
  );
}
