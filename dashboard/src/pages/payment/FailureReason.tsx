import { CircleAlert } from "lucide-react";

import type { Payment } from "../../api/schema";
import { adviceOn, reasonOf } from "../../format/words";

/** The reason of a decline and what to do about it. */
export function WhyItFailed({ payment }: { payment: Payment }) {
  if (payment.status !== "failed") return null;
  const said = [payment.error_description, `said by ${payment.processor}`].filter(Boolean).join(" · ");
  return (
    <section className="callout" aria-labelledby="why" data-test-id="failure-reason">
      <CircleAlert className="icon callout__icon" aria-hidden />
      <div>
        <h2 className="callout__title" id="why">
          {reasonOf(payment)}
        </h2>
        <p>{adviceOn(payment)}</p>
        <p className="callout__codes">
          <code>{[payment.error_code, payment.decline_code].filter(Boolean).join(" / ")}</code> · {said}
        </p>
      </div>
    </section>
  );
}
