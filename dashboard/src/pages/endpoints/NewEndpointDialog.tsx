import { useState, type FormEvent } from "react";

import { useCreateEndpoint } from "../../api/endpoints";
import { Button, RoleButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ShownOnce } from "../../ui/ShownOnce";
import { draftOf, EndpointFields, type TypedEndpoint } from "./EndpointFields";

const FIRST: TypedEndpoint = { url: "", description: "", events: "*" };

/** Adds an endpoint; its secret is shown once. */
export function NewEndpointDialog({ onClose }: { onClose: () => void }) {
  const [value, setValue] = useState(FIRST);
  const create = useCreateEndpoint();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(draftOf(value));
  };
  if (create.data) {
    return (
      <ShownOnce title="The endpoint’s secret" values={[["Signing secret", create.data.secret]]} onClose={onClose} />
    );
  }
  return (
    <Dialog title="Add endpoint" onClose={onClose}>
      <form className="form" onSubmit={submit} data-test-id="endpoint-form">
        <EndpointFields value={value} error={create.error} onChange={setValue} />
        <div className="form__actions">
          <Button onClick={onClose}>Cancel</Button>
          <RoleButton needs="developer" look="primary" type="submit" busy={create.isPending}>
            Add endpoint
          </RoleButton>
        </div>
      </form>
    </Dialog>
  );
}
