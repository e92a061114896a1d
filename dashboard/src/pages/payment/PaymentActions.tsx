import { Check, Undo2, X } from "lucide-react";
import { useState } from "react";

import { useCancel, useCapture } from "../../api/payments";
import type { Payment } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { RoleButton } from "../../ui/Button";
import { CaptureDialog } from "./CaptureDialog";
import { RefundDialog } from "./RefundDialog";
import { refundable } from "./refundable";

/** The actions that are possible in the payment's status. */
export function PaymentActions({ payment }: { payment: Payment }) {
  const [opened, setOpened] = useState<"refund" | "capture" | null>(null);
  const capture = useCapture(payment.id);
  const cancel = useCancel(payment.id);
  const isHeld = payment.substatus === "authorized";
  const isConfirmable = payment.status === "success" && !payment.captured;
  const close = () => setOpened(null);
  return (
    <div className="page-head__actions">
      {isHeld ? (
        <RoleButton
          needs="support"
          look="danger"
          icon={X}
          busy={cancel.isPending}
          onClick={() => cancel.mutate(undefined)}
        >
          Void
        </RoleButton>
      ) : null}
      {isHeld ? (
        <RoleButton needs="support" onClick={() => setOpened("capture")}>
          Partial capture
        </RoleButton>
      ) : null}
      {isHeld || isConfirmable ? (
        <RoleButton
          needs="support"
          look={isHeld ? "primary" : "plain"}
          icon={Check}
          busy={capture.isPending}
          data-test-id="capture-button"
          onClick={() => capture.mutate(null)}
        >
          {isHeld ? `Capture ${formatMoney(payment)}` : "Capture"}
        </RoleButton>
      ) : null}
      {refundable(payment) > 0 ? (
        <RoleButton
          needs="support"
          icon={Undo2}
          data-test-id="refund-button"
          data-payment-id={payment.id}
          onClick={() => setOpened("refund")}
        >
          Refund
        </RoleButton>
      ) : null}
      {opened === "refund" ? <RefundDialog payment={payment} onClose={close} /> : null}
      {opened === "capture" ? <CaptureDialog payment={payment} onClose={close} /> : null}
    </div>
  );
}
