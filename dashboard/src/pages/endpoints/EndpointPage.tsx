import { Power, RefreshCw, Save, Send, Trash2 } from "lucide-react";
import { useState, type FormEvent } from "react";
import { Link, useNavigate, useParams } from "react-router";

import {
  useChangeEndpoint,
  useDeleteEndpoint,
  useEndpoint,
  useRotateSecret,
  useSwitchEndpoint,
  useTestEndpoint,
} from "../../api/endpoints";
import type { WebhookEndpoint } from "../../api/schema";
import { count } from "../../format/words";
import { Badge } from "../../ui/Badge";
import { RoleButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Confirm } from "../../ui/Confirm";
import { Copy } from "../../ui/Copy";
import { Facts } from "../../ui/Facts";
import { ShownOnce } from "../../ui/ShownOnce";
import { Loaded } from "../../ui/States";
import { Countdown, Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";
import { draftOf, EndpointFields, typed } from "./EndpointFields";

/** One endpoint: events, health, secret, and disabling it. */
export function EndpointPage() {
  const { id = "" } = useParams();
  useTitle("Endpoint");
  const endpoint = useEndpoint(id);
  return (
    <div className="page" data-test-id="endpoint-page">
      <Loaded query={endpoint} rows={8}>
        {(found) => <Found key={found.id} endpoint={found} />}
      </Loaded>
    </div>
  );
}

function Found({ endpoint }: { endpoint: WebhookEndpoint }) {
  const test = useTestEndpoint(endpoint.id);
  const turn = useSwitchEndpoint(endpoint.id);
  return (
    <>
      <header className="page-head">
        <div>
          <p className="page-head__kind">
            Endpoint <span className="mono">{endpoint.id}</span>
            <Copy text={endpoint.id} what="the endpoint’s id" />
          </p>
          <h1 className="page-head__money page-head__money--small">
            <span className="page-head__url">{endpoint.url || "No URL yet"}</span>
            <Badge status={endpoint.is_enabled ? "enabled" : "disabled"} />
          </h1>
        </div>
        <div className="page-head__actions">
          <RoleButton needs="developer" icon={Send} busy={test.isPending} onClick={() => test.mutate(undefined)}>
            Send test event
          </RoleButton>
          <RoleButton
            needs="developer"
            icon={Power}
            look={endpoint.is_enabled ? "danger" : "primary"}
            busy={turn.isPending}
            onClick={() => turn.mutate(!endpoint.is_enabled)}
          >
            {endpoint.is_enabled ? "Disable" : "Enable"}
          </RoleButton>
        </div>
      </header>
      <DisabledReason endpoint={endpoint} />
      <div className="columns columns--wide-first">
        <Settings endpoint={endpoint} />
        <div className="stack">
          <Health endpoint={endpoint} />
          <Secret endpoint={endpoint} />
          {endpoint.is_default ? null : <Removal endpoint={endpoint} />}
        </div>
      </div>
    </>
  );
}

const REASONS: Record<NonNullable<WebhookEndpoint["disabled_reason"]>, string> = {
  manual: "A user has disabled it",
  gone: "Your server responded with 410",
  failing: "Deliveries failed for a long time, so it was disabled",
};

function DisabledReason({ endpoint }: { endpoint: WebhookEndpoint }) {
  if (endpoint.is_enabled) return null;
  return (
    <section className="callout callout--busy" role="status">
      <Power className="icon callout__icon" aria-hidden />
      <div>
        <h2 className="callout__title">This endpoint is disabled</h2>
        <p>
          {endpoint.disabled_reason ? REASONS[endpoint.disabled_reason] : "It is disabled"}
          {endpoint.disabled_at ? (
            <>
              {" "}
              on <Time at={endpoint.disabled_at} />
            </>
          ) : null}
          . What happens meanwhile can be sent later, with “Recover many” under{" "}
          <Link to="/dashboard/webhooks">Webhooks</Link>.
        </p>
      </div>
    </section>
  );
}

function Settings({ endpoint }: { endpoint: WebhookEndpoint }) {
  const [value, setValue] = useState(() => typed(endpoint));
  const save = useChangeEndpoint(endpoint.id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(draftOf(value));
  };
  return (
    <Card title="Subscribed events">
      <form className="form form--wide" onSubmit={submit} data-test-id="endpoint-form">
        <EndpointFields value={value} error={save.error} onChange={setValue} />
        <div className="form__actions form__actions--start">
          <RoleButton needs="developer" look="primary" type="submit" icon={Save} busy={save.isPending}>
            Save
          </RoleButton>
        </div>
      </form>
    </Card>
  );
}

const BREAKERS: Record<WebhookEndpoint["breaker"], string> = {
  closed: "closed",
  open: "open: your server does not respond, so it gets one request at a time",
  half_open: "half open: a request is in progress",
};

function Health({ endpoint }: { endpoint: WebhookEndpoint }) {
  const { consecutive_failures: failures, first_failure_at: since, breaker_open_since: openSince } = endpoint;
  return (
    <Card
      title="Health"
      actions={<Link to={`/dashboard/webhooks?endpoint_id=${encodeURIComponent(endpoint.id)}`}>Its webhooks</Link>}
    >
      <Facts
        facts={[
          ["Now", failures > 0 ? `${count(failures, "failure")} in a row` : "no failures"],
          ["Failing since", since && failures > 0 ? <Time key="since" at={since} /> : null],
          ["Breaker", BREAKERS[endpoint.breaker]],
          ["Not answering since", openSince ? <Time key="open" at={openSince} /> : null],
          ["Added", <Time key="added" at={endpoint.created_at} />],
          ["Last change", <Time key="changed" at={endpoint.updated_at} />],
        ]}
      />
    </Card>
  );
}

function Secret({ endpoint }: { endpoint: WebhookEndpoint }) {
  const rotate = useRotateSecret(endpoint.id);
  const [isAsking, setAsking] = useState(false);
  const made = rotate.data?.secret;
  return (
    <Card title="Signing secret">
      <Facts
        facts={[
          [
            "Now",
            <span key="hint" className="mono">
              {endpoint.secret_hint ?? "—"}
            </span>,
          ],
          [
            "Previous secret",
            endpoint.previous_secret_until ? (
              <span key="before">
                still signs too, until then: <Countdown to={endpoint.previous_secret_until} />
              </span>
            ) : null,
          ],
        ]}
      />
      <div className="form__actions form__actions--start">
        <RoleButton needs="developer" icon={RefreshCw} size="small" onClick={() => setAsking(true)}>
          Rotate secret
        </RoleButton>
      </div>
      {isAsking ? (
        <Confirm
          title="Rotate the signing secret"
          text="The old secret also signs for 24 hours, so that you can change your server."
          act="Rotate secret"
          busy={rotate.isPending}
          onConfirm={() => rotate.mutate(undefined, { onSuccess: () => setAsking(false) })}
          onClose={() => setAsking(false)}
        />
      ) : null}
      {made ? (
        <ShownOnce title="The new secret" values={[["Signing secret", made]]} onClose={() => rotate.reset()} />
      ) : null}
    </Card>
  );
}

function Removal({ endpoint }: { endpoint: WebhookEndpoint }) {
  const remove = useDeleteEndpoint(endpoint.id);
  const navigate = useNavigate();
  const [isAsking, setAsking] = useState(false);
  return (
    <Card title="Remove endpoint" note="Its deliveries stay in the log">
      <RoleButton needs="developer" look="danger" size="small" icon={Trash2} onClick={() => setAsking(true)}>
        Remove endpoint
      </RoleButton>
      {isAsking ? (
        <Confirm
          title="Remove endpoint"
          text={`No more events are sent to ${endpoint.url}.`}
          act="Remove endpoint"
          isDangerous
          busy={remove.isPending}
          onConfirm={() => remove.mutate(undefined, { onSuccess: () => void navigate("/dashboard/endpoints") })}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </Card>
  );
}
