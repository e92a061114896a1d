import { History } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { useMerchant } from "../../api/webhooks";
import { RoleButton } from "../../ui/Button";
import { PageHead } from "../../ui/Card";
import { Loaded } from "../../ui/States";
import { useTitle } from "../../ui/title";
import { ConfigForm } from "./ConfigForm";
import { DeliveryLog } from "./DeliveryLog";
import { RecoverDialog } from "./RecoverDialog";

/** The webhook configuration and the delivery log. */
export function WebhooksPage() {
  useTitle("Webhooks");
  const merchant = useMerchant();
  const [isRecovering, setRecovering] = useState(false);
  return (
    <div className="page">
      <PageHead
        title="Webhooks"
        lead="Every event is sent until your server responds with 2xx, at most five times. After that, retry it manually."
        actions={
          <RoleButton needs="support" icon={History} onClick={() => setRecovering(true)}>
            Recover
          </RoleButton>
        }
      />
      <div className="stack" data-test-id="webhook-config">
        <section className="card" aria-labelledby="webhook-configuration">
          <header className="card__head">
            <h2 className="card__title" id="webhook-configuration">
              Webhook Configuration
            </h2>
            <p className="card__note">The first endpoint</p>
            <div className="card__actions">
              <Link to="/dashboard/endpoints">All endpoints</Link>
            </div>
          </header>
          <div className="card__body">
            <Loaded query={merchant} rows={3}>
              {(found) => <ConfigForm merchant={found} />}
            </Loaded>
          </div>
        </section>
        <section className="card" aria-labelledby="webhook-logs">
          <header className="card__head">
            <h3 className="card__title" id="webhook-logs">
              Webhook Logs
            </h3>
            <p className="card__note">Newest first</p>
          </header>
          <DeliveryLog />
        </section>
      </div>
      {isRecovering ? <RecoverDialog onClose={() => setRecovering(false)} /> : null}
    </div>
  );
}
