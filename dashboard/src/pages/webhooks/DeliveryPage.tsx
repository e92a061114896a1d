import { Send } from "lucide-react";
import { Link, useParams } from "react-router";

import type { DeliveryInFull, Try } from "../../api/schema";
import { useDelivery, useRetryDelivery } from "../../api/webhooks";
import { formatDuration } from "../../format/time";
import { count } from "../../format/words";
import { Badge } from "../../ui/Badge";
import { RoleButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Code } from "../../ui/Code";
import { Copy } from "../../ui/Copy";
import { Facts } from "../../ui/Facts";
import { Json } from "../../ui/Json";
import { Loaded } from "../../ui/States";
import { Countdown, Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";
import { ResponseCode } from "./ResponseCode";

/** One delivery: the request, all attempts and their responses, and a retry button. */
export function DeliveryPage() {
  const { id = "" } = useParams();
  useTitle("Webhook");
  const delivery = useDelivery(id);
  return (
    <div className="page" data-test-id="delivery-page">
      <Loaded query={delivery} rows={8}>
        {(found) => <Found delivery={found} />}
      </Loaded>
    </div>
  );
}

function Found({ delivery }: { delivery: DeliveryInFull }) {
  const retry = useRetryDelivery();
  const newestFirst = [...delivery.tries].reverse();
  return (
    <>
      <header className="page-head">
        <div>
          <p className="page-head__kind">
            Webhook <span className="mono">{delivery.id}</span>
            <Copy text={delivery.id} what="the webhook’s id" />
          </p>
          <h1 className="page-head__money page-head__money--small">
            {delivery.event} <Badge status={delivery.status} />
          </h1>
        </div>
        <div className="page-head__actions">
          <RoleButton
            needs="support"
            look="primary"
            icon={Send}
            busy={retry.isPending}
            data-test-id="retry-webhook-button"
            data-webhook-id={delivery.id}
            onClick={() => retry.mutate(delivery)}
          >
            Send again
          </RoleButton>
        </div>
      </header>
      <div className="columns columns--wide-first">
        <div className="stack">
          <Card title="Tries" note={count(delivery.tries.length, "try").replace(/trys$/, "tries")}>
            {newestFirst.length === 0 ? <p className="footnote">Not sent yet.</p> : null}
            <ol className="tries" data-test-id="delivery-tries">
              {newestFirst.map((one, place) => (
                <li key={`${one.ordinal} ${one.started_at}`}>
                  <OneTry attempt={one} isOpen={place === 0} />
                </li>
              ))}
            </ol>
          </Card>
          <Card title="Request" note="All attempts have the same body">
            <Json label="payload" value={delivery.payload} testId="delivery-payload" />
          </Card>
        </div>
        <DeliveryFacts delivery={delivery} />
      </div>
    </>
  );
}

function DeliveryFacts({ delivery }: { delivery: DeliveryInFull }) {
  const { endpoint } = delivery;
  const paymentId = paymentOf(delivery.payload);
  return (
    <Card title="Details">
      <Facts
        facts={[
          [
            "Event",
            <span key="event" className="mono">
              {delivery.event_id}
            </span>,
          ],
          [
            "Endpoint",
            endpoint ? (
              <Link key="endpoint" to={`/dashboard/endpoints/${endpoint.id}`}>
                {endpoint.url || "has no URL"}
              </Link>
            ) : null,
          ],
          [
            "Payment",
            paymentId ? (
              <Link key="payment" className="mono" to={`/dashboard/transactions/${paymentId}`}>
                {paymentId}
              </Link>
            ) : null,
          ],
          ["Attempts", String(delivery.attempts)],
          ["Created", <Time key="created" at={delivery.created_at} />],
          ["Last attempt", delivery.last_attempt_at ? <Time key="last" at={delivery.last_attempt_at} /> : null],
          [
            "Next attempt",
            delivery.status === "pending" && delivery.next_retry_at ? (
              <Countdown key="next" to={delivery.next_retry_at} />
            ) : null,
          ],
          ["Response code", <ResponseCode key="code" code={delivery.response_code} />],
        ]}
      />
    </Card>
  );
}

function OneTry({ attempt, isOpen }: { attempt: Try; isOpen: boolean }) {
  const { ordinal, started_at, took_ms, url, request_headers, status_code, error, response_body } = attempt;
  const isTaken = status_code !== null && status_code >= 200 && status_code < 300;
  return (
    <details className={isTaken ? "try try--good" : "try try--bad"} open={isOpen}>
      <summary className="try__line">
        <span className="try__ordinal">{ordinal}.</span>
        <span className="try__result">{status_code ? `responded with ${status_code}` : (error ?? "no response")}</span>
        <span className="try__when">
          <Time at={started_at} />
          {took_ms === null ? null : ` · ${formatDuration(took_ms)}`}
        </span>
      </summary>
      <div className="try__more">
        <Code label="Request" text={requestText(url, request_headers)} />
        {response_body ? (
          <Code label="Answer" text={response_body} />
        ) : (
          <p className="footnote">{status_code ? "The response has no body." : `No response: ${error ?? "—"}.`}</p>
        )}
      </div>
    </details>
  );
}

function requestText(url: string | null, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`POST ${url ?? "—"}`, ...lines].join("\n");
}

/** Finds the payment id in an event's payload. */
function paymentOf(payload: unknown): string | null {
  return /"(pay_[A-Za-z0-9]{16})"/.exec(JSON.stringify(payload) ?? "")?.[1] ?? null;
}
