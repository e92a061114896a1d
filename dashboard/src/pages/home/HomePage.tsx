import { FlaskConical } from "lucide-react";
import { Link } from "react-router";

import { useMerchant } from "../../api/webhooks";
import { useSession } from "../../roles";
import { TEST_EMAIL, TEST_KEYS } from "../../session";
import { ButtonLink } from "../../ui/Button";
import { Card, PageHead } from "../../ui/Card";
import { Copy } from "../../ui/Copy";
import { Panels } from "../../ui/Panels";
import { useTitle } from "../../ui/title";
import { Attention } from "./Attention";
import { Charts } from "./Charts";
import { OpenItems } from "./OpenItems";
import { RecentPayments } from "./RecentPayments";
import { Stats } from "./Stats";

/** The overview: figures, charts and items that need attention. */
export function HomePage() {
  useTitle("Overview");
  return (
    <div className="page" data-test-id="dashboard">
      <PageHead
        title="Overview"
        lead="Live figures of this merchant."
        actions={
          <ButtonLink to="/dashboard/playground" icon={FlaskConical}>
            Create payment
          </ButtonLink>
        }
      />
      <OpenItems />
      <Stats />
      <Attention />
      <Charts />
      <Panels place="overview" />
      <div className="columns columns--wide-first">
        <RecentPayments />
        <Credentials />
      </div>
    </div>
  );
}

/** The merchant's key pair. Only the test merchant's secret is published; others are shown once. */
function Credentials() {
  const { merchant } = useSession();
  const config = useMerchant();
  const isTest = merchant.email === TEST_EMAIL && TEST_KEYS.key !== "";
  const key = isTest ? TEST_KEYS.key : (config.data?.api_key ?? "");
  return (
    <Card
      title="API credentials"
      note="Sent as X-Api-Key and X-Api-Secret"
      actions={<Link to="/dashboard/keys">All keys</Link>}
    >
      <div className="credentials" data-test-id="api-credentials">
        <div className="credential">
          <span className="credential__label">API Key</span>
          <span className="mono credential__value" data-test-id="api-key">
            {key}
          </span>
          <Copy text={key} what="API Key" />
        </div>
        {isTest ? (
          <div className="credential">
            <span className="credential__label">API Secret</span>
            <span className="mono credential__value" data-test-id="api-secret">
              {TEST_KEYS.secret}
            </span>
            <Copy text={TEST_KEYS.secret} what="API Secret" />
          </div>
        ) : (
          <p className="footnote" data-test-id="api-secret">
            Shown once, when a key is created.
          </p>
        )}
      </div>
    </Card>
  );
}
