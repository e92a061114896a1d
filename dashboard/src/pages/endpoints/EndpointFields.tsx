import { faultOf } from "../../api/action";
import type { EndpointDraft } from "../../api/endpoints";
import type { WebhookEndpoint } from "../../api/schema";
import { Field } from "../../ui/Field";

/** The input of the form: the events are one text. */
export interface TypedEndpoint {
  url: string;
  description: string;
  events: string;
}

export function typed({ url, description, events }: WebhookEndpoint): TypedEndpoint {
  return { url: url ?? "", description: description ?? "", events: events.join(", ") };
}

export function draftOf({ url, description, events }: TypedEndpoint): EndpointDraft {
  const named = events.split(/[\s,]+/).filter(Boolean);
  return { url: url.trim(), description: description.trim(), events: named.length > 0 ? named : ["*"] };
}

interface EndpointFieldsProps {
  value: TypedEndpoint;
  error: Error | null;
  onChange: (value: TypedEndpoint) => void;
}

/** The fields of an endpoint. */
export function EndpointFields({ value, error, onChange }: EndpointFieldsProps) {
  return (
    <>
      <Field
        label="URL"
        type="url"
        required
        placeholder="https://yoursite.com/webhook"
        value={value.url}
        error={faultOf(error, "url")}
        onChange={({ target }) => onChange({ ...value, url: target.value })}
      />
      <Field
        label="Description"
        placeholder="Purpose of the endpoint"
        value={value.description}
        error={faultOf(error, "description")}
        onChange={({ target }) => onChange({ ...value, description: target.value })}
      />
      <Field
        label="Events"
        placeholder="*"
        hint="Separated by commas: * for all, payment.* for all payment events, refund.created for one."
        spellCheck={false}
        value={value.events}
        error={faultOf(error, "events")}
        onChange={({ target }) => onChange({ ...value, events: target.value })}
      />
    </>
  );
}
