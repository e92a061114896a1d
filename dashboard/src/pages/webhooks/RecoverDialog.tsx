import { useState, type FormEvent } from "react";

import { faultOf } from "../../api/action";
import { useEndpoints } from "../../api/endpoints";
import type { Recovered, RecoverRequest } from "../../api/schema";
import { useRecover } from "../../api/webhooks";
import { count } from "../../format/words";
import { Badge } from "../../ui/Badge";
import { Button, RoleButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Choice, Field } from "../../ui/Field";
import { Time } from "../../ui/Time";

const HOUR_MS = 3_600_000;
const AGES: [hours: number, words: string][] = [
  [1, "The last hour"],
  [24, "The last day"],
  [72, "The last three days"],
  [168, "The last week"],
  [720, "The last month"],
];

interface Draft {
  hours: number;
  statuses: string;
  event: string;
  endpointId: string;
}

const FIRST: Draft = { hours: 24, statuses: "failed", event: "", endpointId: "" };

/** Sends many webhooks again, after counting them. */
export function RecoverDialog({ onClose }: { onClose: () => void }) {
  const [draft, setDraft] = useState(FIRST);
  // The counted webhooks are sent: a new request would have another start time.
  const [counted, setCounted] = useState<{ asked: RecoverRequest; found: Recovered } | null>(null);
  const recover = useRecover();
  const endpoints = useEndpoints();
  const change = (changed: Partial<Draft>) => {
    setDraft({ ...draft, ...changed });
    setCounted(null);
  };

  const countThem = (event: FormEvent) => {
    event.preventDefault();
    const asked = requestOf(draft);
    recover.mutate(asked, { onSuccess: (found) => setCounted({ asked, found }) });
  };
  const sendThem = () => {
    if (counted) recover.mutate({ ...counted.asked, dry_run: false }, { onSuccess: onClose });
  };
  return (
    <Dialog
      title="Recover webhooks"
      text="Count them first. Nothing is sent until you confirm."
      onClose={onClose}
    >
      <form className="form" onSubmit={countThem} data-test-id="recover-form">
        <Choice label="From" value={draft.hours} onChange={({ target }) => change({ hours: Number(target.value) })}>
          {AGES.map(([hours, words]) => (
            <option key={hours} value={hours}>
              {words}
            </option>
          ))}
        </Choice>
        <Choice label="Status" value={draft.statuses} onChange={({ target }) => change({ statuses: target.value })}>
          <option value="failed">failed</option>
          <option value="failed,success">failed and delivered</option>
          <option value="success">delivered, to be sent again</option>
        </Choice>
        <Field
          label="Event"
          placeholder="Any; or payment.success"
          value={draft.event}
          error={faultOf(recover.error, "events")}
          onChange={({ target }) => change({ event: target.value })}
        />
        <Choice
          label="Endpoint"
          value={draft.endpointId}
          onChange={({ target }) => change({ endpointId: target.value })}
        >
          <option value="">Any endpoint</option>
          {(endpoints.data ?? []).map(({ id, url }) => (
            <option key={id} value={id}>
              {url || "no URL yet"}
            </option>
          ))}
        </Choice>
        {counted ? <Counted found={counted.found} /> : null}
        <div className="form__actions">
          <Button look={counted ? "plain" : "primary"} type="submit" busy={recover.isPending && !counted}>
            Count
          </Button>
          {counted && counted.found.matching > 0 ? (
            <RoleButton
              needs="support"
              look="primary"
              busy={recover.isPending}
              data-test-id="recover-button"
              onClick={sendThem}
            >
              Send {counted.found.matching.toLocaleString("en-IN")} again
            </RoleButton>
          ) : null}
        </div>
      </form>
    </Dialog>
  );
}

const SAMPLE_SHOWN = 5;

function Counted({ found: { matching, sample } }: { found: Recovered }) {
  return (
    <div className="counted" role="status" data-test-id="recover-count">
      <p className="strong">{matching === 0 ? "No matching webhooks" : `${count(matching, "webhook")} will be sent`}</p>
      <ul>
        {sample.slice(0, SAMPLE_SHOWN).map((delivery) => (
          <li key={delivery.id} className="counted__one">
            {delivery.event} <Badge status={delivery.status} /> <Time at={delivery.created_at} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function requestOf({ hours, statuses, event, endpointId }: Draft): RecoverRequest {
  const named = event.trim();
  return {
    since: new Date(Date.now() - hours * HOUR_MS).toISOString(),
    until: new Date().toISOString(),
    statuses: statuses.split(",") as NonNullable<RecoverRequest["statuses"]>,
    ...(named ? { events: [named] } : {}),
    ...(endpointId ? { endpoint_id: endpointId } : {}),
    dry_run: true,
  };
}
