import { ExternalLink, Hourglass } from "lucide-react";

import { usePlayPayer } from "../../api/payments";
import type { Payment } from "../../api/schema";
import { IS_TEST_GATEWAY } from "../../session";
import { apiOrigin } from "../../page-meta";
import { RoleButton } from "../../ui/Button";
import { Json } from "../../ui/Json";
import { Countdown } from "../../ui/Time";

const WHAT: Record<string, string> = {
  redirect: "The payer was redirected to their bank",
  three_ds: "The payer must authenticate",
  upi_intent: "The payer must open their UPI app",
  qr: "The payer must scan the code",
  upi_collect: "The payer must approve in their UPI app",
  otp: "The payer must enter a code",
  wait: "The payer must wait",
};

/** The action that the payer must do; outside production it can be simulated. */
export function Waiting({ payment }: { payment: Payment }) {
  const play = usePlayPayer(payment.id);
  const action = payment.next_action;
  if (!action) return null;
  const page = payment.method === "card" ? "bank" : "upi";
  return (
    <section className="callout callout--busy" aria-labelledby="waiting" data-test-id="next-action">
      <Hourglass className="icon callout__icon" aria-hidden />
      <div className="callout__words">
        <h2 className="callout__title" id="waiting">
          {WHAT[action.type] ?? "The payer must act"}
        </h2>
        <p>
          Time left: <Countdown to={action.expires_at} />.
        </p>
        {IS_TEST_GATEWAY ? (
          <div className="form__actions form__actions--start">
            <RoleButton
              needs="developer"
              size="small"
              look="primary"
              busy={play.isPending}
              onClick={() => play.mutate("approve")}
            >
              Approve as payer
            </RoleButton>
            <RoleButton needs="developer" size="small" onClick={() => play.mutate("decline")}>
              Decline as payer
            </RoleButton>
            <a
              className="button button--plain button--small"
              href={`${apiOrigin()}/simulator/${page}?payment_id=${encodeURIComponent(payment.id)}`}
              target="_blank"
              rel="noreferrer"
            >
              Simulate payer
              <ExternalLink className="icon" aria-hidden />
            </a>
          </div>
        ) : null}
        <details>
          <summary>Data for the payer’s browser</summary>
          <Json label="next_action" value={action} />
        </details>
      </div>
    </section>
  );
}
