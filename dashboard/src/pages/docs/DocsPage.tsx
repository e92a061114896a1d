import type { ReactNode } from "react";
import { Link } from "react-router";

import { useIntegrity } from "../../api/checkout";
import { useMerchant } from "../../api/webhooks";
import { TEST_KEYS } from "../../session";
import { apiOrigin, checkoutOrigin } from "../../page-meta";
import { PageHead } from "../../ui/Card";
import { Code } from "../../ui/Code";
import { useTitle } from "../../ui/title";
import {
  createOrder,
  createPayment,
  sdk,
  sdkWithIntegrity,
  verifyWebhook,
  verifyWebhookInPython,
  type Setting,
} from "./snippets";

/** The integration guide, with this merchant's URL and keys. */
export function DocsPage() {
  useTitle("Docs");
  const setting = useSetting();
  const integrity = useIntegrity();
  return (
    <div className="page page--text">
      <PageHead title="Docs" lead="Your URL and keys are filled in. Replace only the order id." />
      <div className="stack" data-test-id="api-docs">
        <h2 className="section-title">Integration Guide</h2>
        <Section testId="section-create-order" title="1. Create Order">
          <p>An order has an amount in paise. It is paid at most once, however many payments are created.</p>
          <Code label="shell" testId="code-snippet-create-order" text={createOrder(setting)} />
        </Section>
        <Section testId="section-create-payment" title="Create a payment without the checkout">
          <p>
            The response is <code>pending</code>; a worker calls the processor. The{" "}
            <Link to="/dashboard/playground">playground</Link> lists test VPAs and cards that fail.
          </p>
          <Code label="shell" testId="code-snippet-create-payment" text={createPayment(setting)} />
        </Section>
        <Section testId="section-sdk-integration" title="2. SDK Integration">
          <p>The checkout opens over your page. Your server must rely on the webhook, not on the browser.</p>
          <Code label="html" testId="code-snippet-sdk" text={sdk(setting)} />
          {integrity.data ? (
            <>
              <p>
                To allow only this script, use its hash. It changes when the gateway is updated:{" "}
                <code>/checkout/integrity.json</code> returns it.
              </p>
              <Code
                label="html, pinned"
                testId="code-snippet-sdk-integrity"
                text={sdkWithIntegrity(setting, integrity.data)}
              />
            </>
          ) : null}
        </Section>
        <Section testId="section-webhook-verification" title="3. Verify Webhook Signature">
          <p>
            Compare the raw bytes before parsing. Save <code>http://localhost:4000/webhook</code> under{" "}
            <Link to="/dashboard/webhooks">Webhooks</Link> to try this example.
          </p>
          <Code label="Node.js" testId="code-snippet-webhook" text={verifyWebhook(setting)} />
          <Code label="Python" testId="code-snippet-webhook-python" text={verifyWebhookInPython(setting)} />
        </Section>
      </div>
    </div>
  );
}

function Section({ testId, title, children }: { testId: string; title: string; children: ReactNode }) {
  return (
    <section className="card prose" data-test-id={testId}>
      <h3 className="prose__title">{title}</h3>
      {children}
    </section>
  );
}

function useSetting(): Setting {
  const merchant = useMerchant();
  return {
    api: apiOrigin(),
    checkout: checkoutOrigin(),
    apiKey: TEST_KEYS.key || (merchant.data?.api_key ?? ""),
    apiSecret: TEST_KEYS.secret || "YOUR_API_SECRET",
    webhookSecret: merchant.data?.webhook_secret ?? "whsec_test_abc123",
  };
}
