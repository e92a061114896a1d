import { Scale } from "lucide-react";
import { useState, type FormEvent } from "react";

import { faultOf } from "../../api/action";
import { useReviews, useSettle } from "../../api/payments";
import type { Payment, Review as ReviewRow } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { OperatorButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Choice, Field } from "../../ui/Field";

/** An operation in manual review, and its dialog. */
export function Review({ payment }: { payment: Payment }) {
  const reviews = useReviews();
  const [opened, setOpened] = useState<ReviewRow | null>(null);
  const open = (reviews.data ?? []).filter((review) => review.payment_id === payment.id);
  return open.map((review) => (
    <section key={review.id} className="callout callout--busy" data-test-id="review">
      <Scale className="icon callout__icon" aria-hidden />
      <div className="callout__words">
        <h2 className="callout__title">The result of the {review.kind} is unknown</h2>
        <p>
          {review.processor} gave no definite result for {formatMoney(review)}
          {review.note ? `: ${review.note}` : "."} Check it there, then resolve it here.
        </p>
        <OperatorButton needs="support" size="small" onClick={() => setOpened(review)}>
          Resolve
        </OperatorButton>
      </div>
      {opened === review ? <SettleDialog review={review} onClose={() => setOpened(null)} /> : null}
    </section>
  ));
}

function SettleDialog({ review, onClose }: { review: ReviewRow; onClose: () => void }) {
  const [verdict, setVerdict] = useState<"approved" | "declined">("approved");
  const [reason, setReason] = useState("");
  const settle = useSettle(review.id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    settle.mutate({ verdict, reason: reason.trim() }, { onSuccess: onClose });
  };
  return (
    <Dialog title={`Resolve the ${review.kind}`} text="The result and your reason are added to the timeline." onClose={onClose}>
      <form className="form" onSubmit={submit}>
        <Choice
          label="What happened at the processor"
          value={verdict}
          onChange={(event) => setVerdict(event.target.value === "approved" ? "approved" : "declined")}
        >
          <option value="approved">Approved: money was moved</option>
          <option value="declined">Declined: no money was moved</option>
        </Choice>
        <Field
          label="Evidence"
          required
          maxLength={1000}
          placeholder="Seen in the bank’s portal"
          value={reason}
          error={faultOf(settle.error, "reason")}
          onChange={(event) => setReason(event.target.value)}
        />
        <div className="form__actions">
          <OperatorButton needs="support" look="primary" type="submit" busy={settle.isPending}>
            Resolve
          </OperatorButton>
        </div>
      </form>
    </Dialog>
  );
}
