import { Send } from "lucide-react";

import { useRetryDelivery } from "../../api/actions";
import type { Delivery } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Code } from "../../ui/Code";
import { Dialog } from "../../ui/Dialog";
import { Facts } from "../../ui/Facts";
import { Countdown, Time } from "../../ui/Time";
import { ResponseCode } from "./ResponseCode";

/** One delivery: what the merchant's server said last, and sending it again. */
export function DeliveryDialog({ delivery, onClose }: { delivery: Delivery; onClose: () => void }) {
  const retry = useRetryDelivery();
  return (
    <Dialog title={delivery.event} onClose={onClose}>
      <Facts
        facts={[
          [
            "Delivery",
            <span key="id" className="mono">
              {delivery.id}
            </span>,
          ],
          ["Status", <Badge key="status" status={delivery.status} />],
          ["Attempts", String(delivery.attempts)],
          ["Created", <Time key="created" at={delivery.created_at} />],
          ["Last attempt", delivery.last_attempt_at ? <Time key="last" at={delivery.last_attempt_at} /> : null],
          ["Next attempt", delivery.next_retry_at ? <Countdown key="next" to={delivery.next_retry_at} /> : null],
          ["Response code", <ResponseCode key="code" code={delivery.response_code} />],
        ]}
      />
      <LastAnswer delivery={delivery} />
      <div className="form__actions">
        <Button
          look="primary"
          icon={Send}
          busy={retry.isPending}
          onClick={() => retry.mutate(delivery, { onSuccess: onClose })}
        >
          Send it again
        </Button>
      </div>
    </Dialog>
  );
}

function LastAnswer({ delivery: { attempts, response_code, response_body } }: { delivery: Delivery }) {
  if (attempts === 0) return <p className="footnote">Not sent yet.</p>;
  if (response_code === null) {
    return <p className="footnote">Nobody answered at that URL{response_body ? `: ${response_body}` : ""}.</p>;
  }
  if (!response_body) return <p className="footnote">Your server answered without a body.</p>;
  return <Code label="Your server’s last answer" text={response_body} />;
}
