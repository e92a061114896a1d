import { FlaskConical } from "lucide-react";
import { lazy, Suspense } from "react";

import { readSession } from "../../session";
import { ButtonLink } from "../../ui/Button";
import { Card, PageHead } from "../../ui/Card";
import { Copy } from "../../ui/Copy";
import { Skeleton } from "../../ui/States";
import { useTitle } from "../../ui/title";
import { Attention } from "./Attention";
import { RecentPayments } from "./RecentPayments";
import { Stats } from "./Stats";

// The charts' library is larger than all the rest; the figures need not wait for it.
const Charts = lazy(() => import("./Charts"));

/** How business is going, and what needs a hand. */
export function HomePage() {
  useTitle("Overview");
  return (
    <div className="page" data-test-id="dashboard">
      <PageHead
        title="Overview"
        lead="Live figures of this merchant."
        actions={
          <ButtonLink to="/dashboard/playground" icon={FlaskConical}>
            Try a payment
          </ButtonLink>
        }
      />
      <Stats />
      <Attention />
      <Suspense fallback={<ChartsToCome />}>
        <Charts />
      </Suspense>
      <div className="columns columns--wide-first">
        <RecentPayments />
        <Credentials />
      </div>
    </div>
  );
}

function ChartsToCome() {
  return (
    <div className="columns">
      {["Volume", "Success by method", "Webhook deliveries"].map((title) => (
        <Card key={title} title={title}>
          <Skeleton rows={5} />
        </Card>
      ))}
    </div>
  );
}

function Credentials() {
  const session = readSession();
  if (!session) return null;
  return (
    <Card title="API credentials" note="Sent as X-Api-Key and X-Api-Secret">
      <div className="credentials" data-test-id="api-credentials">
        <Credential label="API Key" value={session.apiKey} testId="api-key" />
        <Credential label="API Secret" value={session.apiSecret} testId="api-secret" />
      </div>
    </Card>
  );
}

function Credential({ label, value, testId }: { label: string; value: string; testId: string }) {
  return (
    <div className="credential">
      <span className="credential__label">{label}</span>
      <span className="mono credential__value" data-test-id={testId}>
        {value}
      </span>
      <Copy text={value} what={label} />
    </div>
  );
}
