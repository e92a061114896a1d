import { CircleAlert } from "lucide-react";

import type { Payment } from "../../api/schema";
import { adviceOn, reasonOf } from "../../format/words";

/** The reason of a decline, with advice. */
export function FailureReason({ payment }: { payment: Payment }) {
  if (payment.status !== "failed") return null;
  const source = [payment.error_description, `reported by ${payment.processor}`].filter(Boolean).join(" · ");
  return (
    <section className="callout" aria-labelledby="why" data-test-id="failure-reason">
      <CircleAlert className="icon callout__icon" aria-hidden />
      <div>
        <h2 className="callout__title" id="why">
          {reasonOf(payment)}
        </h2>
        <p>{adviceOn(payment)}</p>
        <p className="callout__codes">
          <code>{[payment.error_code, payment.decline_code].filter(Boolean).join(" / ")}</code> · {source}
        </p>
      </div>
    </section>
  );
}
