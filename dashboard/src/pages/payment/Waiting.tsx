import { ExternalLink, Hourglass } from "lucide-react";

import { usePlayPayer } from "../../api/payments";
import type { Payment } from "../../api/schema";
import { IS_TEST_GATEWAY } from "../../session";
import { apiOrigin } from "../../told";
import { RoleButton } from "../../ui/Button";
import { Json } from "../../ui/Json";
import { Countdown } from "../../ui/Time";

const WHAT: Record<string, string> = {
  redirect: "The payer has been sent to their bank",
  three_ds: "The payer has to prove who they are",
  upi_intent: "The payer has to open their UPI app",
  qr: "The payer has to scan the code",
  upi_collect: "The payer has to approve in their UPI app",
  otp: "The payer has to type a code",
  wait: "The payer has to wait",
};

/** What the payer still has to do; outside production one can do it for them. */
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
          {WHAT[action.type] ?? "The payer has to do something"}
        </h2>
        <p>
          They have until then: <Countdown to={action.expires_at} />.
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
              Approve for them
            </RoleButton>
            <RoleButton needs="developer" size="small" onClick={() => play.mutate("decline")}>
              Decline for them
            </RoleButton>
            <a
              className="button button--plain button--small"
              href={`${apiOrigin()}/simulator/${page}?payment_id=${encodeURIComponent(payment.id)}`}
              target="_blank"
              rel="noreferrer"
            >
              Play the payer
              <ExternalLink className="icon" aria-hidden />
            </a>
          </div>
        ) : null}
        <details>
          <summary>What the payer’s browser is told</summary>
          <Json label="next_action" value={action} />
        </details>
      </div>
    </section>
  );
}
