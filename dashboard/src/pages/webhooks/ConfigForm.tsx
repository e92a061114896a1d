import { RefreshCw, Save, Send } from "lucide-react";
import { useEffect, useRef, useState, type FormEvent } from "react";

import { fieldOf } from "../../api/action";
import type { Endpoint } from "../../api/schema";
import { useRegenerateSecret, useSaveMerchantUrl, useSendTestEvent } from "../../api/webhooks";
import { RoleButton } from "../../ui/Button";
import { Copy } from "../../ui/Copy";
import { Field } from "../../ui/Field";
import { useNotices } from "../../ui/Notices";

/** The webhook URL and its secret. */
export function ConfigForm({ merchant }: { merchant: Endpoint }) {
  const [url, setUrl] = useUnlessTyped(merchant.webhook_url ?? "");
  const save = useSaveMerchantUrl();
  const test = useSendTestEvent();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ webhook_url: url.trim() || null });
  };
  const fault = fieldOf(save.error) ? (save.error?.message ?? null) : null;
  return (
    <form className="form form--wide" data-test-id="webhook-config-form" onSubmit={submit}>
      <Field
        label="Webhook URL"
        type="url"
        data-test-id="webhook-url-input"
        placeholder="https://yoursite.com/webhook"
        hint="Leave it empty to send nothing."
        error={fault}
        value={url}
        onChange={(event) => setUrl(event.target.value)}
      />
      <Secret secret={merchant.webhook_secret ?? ""} />
      <div className="form__actions form__actions--start">
        <RoleButton
          needs="developer"
          look="primary"
          type="submit"
          icon={Save}
          busy={save.isPending}
          data-test-id="save-webhook-button"
        >
          Save Configuration
        </RoleButton>
        <RoleButton
          needs="developer"
          icon={Send}
          busy={test.isPending}
          disabled={!merchant.webhook_url}
          data-test-id="test-webhook-button"
          onClick={() => test.mutate(undefined)}
        >
          Send Test Webhook
        </RoleButton>
        {merchant.webhook_url ? null : <span className="field__hint">Save a URL first to send a test.</span>}
      </div>
    </form>
  );
}

/** The secret. A new one is valid at once; the notice can restore the old one. */
function Secret({ secret }: { secret: string }) {
  const { show } = useNotices();
  const regenerate = useRegenerateSecret();
  const save = useSaveMerchantUrl();

  const replace = () => {
    regenerate.mutate(undefined, {
      onSuccess: () =>
        show({
          kind: "done",
          text: "The new secret is in use; change it on your server",
          undo: () => save.mutate({ webhook_secret: secret }),
        }),
    });
  };
  return (
    <div className="field">
      <span className="field__label">Webhook Secret</span>
      <div className="secret">
        <span className="mono secret__value" data-test-id="webhook-secret">
          {secret || "visible to developers"}
        </span>
        {secret ? <Copy text={secret} what="the webhook secret" /> : null}
        <RoleButton
          needs="developer"
          size="small"
          icon={RefreshCw}
          busy={regenerate.isPending}
          data-test-id="regenerate-secret-button"
          onClick={replace}
        >
          Regenerate
        </RoleButton>
      </div>
      <p className="field__hint">Signs each webhook: HMAC-SHA256 over the body, in X-Webhook-Signature.</p>
    </div>
  );
}

/** A field that shows the stored value until the user edits it. */
function useUnlessTyped(stored: string): [string, (typed: string) => void] {
  const [value, setValue] = useState(stored);
  const before = useRef(stored);
  useEffect(() => {
    setValue((shown) => (shown === before.current ? stored : shown));
    before.current = stored;
  }, [stored]);
  return [value, setValue];
}
