import { KeyRound, Plus } from "lucide-react";
import { useState, type FormEvent } from "react";

import { faultOf } from "../../api/action";
import { useCreateKey, useKeys, useRevokeKey } from "../../api/people";
import type { Key } from "../../api/schema";
import { ROLE_NAMES } from "../../roles";
import type { Role } from "../../session";
import { Badge } from "../../ui/Badge";
import { Button, RoleButton } from "../../ui/Button";
import { Card, PageHead } from "../../ui/Card";
import { Confirm } from "../../ui/Confirm";
import { Copy } from "../../ui/Copy";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { RoleChoice } from "../../ui/RoleChoice";
import { ShownOnce } from "../../ui/ShownOnce";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { Ago, Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";

/** API keys: one for each program, which can be revoked separately. */
export function KeysPage() {
  useTitle("API keys");
  const keys = useKeys();
  const [isMaking, setMaking] = useState(false);
  const [toRevoke, setToRevoke] = useState<Key | null>(null);
  return (
    <div className="page">
      <PageHead
        title="API keys"
        lead="Use one key for each program. Each key can be revoked separately."
        actions={
          <RoleButton needs="developer" look="primary" icon={Plus} onClick={() => setMaking(true)}>
            Create key
          </RoleButton>
        }
      />
      <Card flush>
        <Loaded query={keys} rows={4}>
          {(rows) => (
            <Table
              label="API keys"
              testId="keys-table"
              columns={columns(setToRevoke)}
              rows={rows}
              keyOf={(key) => key.id}
              rowProps={(key) => ({ "data-test-id": "key-row", "data-key-id": key.id })}
              empty={
                <Empty icon={KeyRound} title="No additional keys yet">
                  The merchant’s own key pair works without them.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Card>
      {isMaking ? <NewKeyDialog onClose={() => setMaking(false)} /> : null}
      {toRevoke ? <RevokeDialog apiKey={toRevoke} onClose={() => setToRevoke(null)} /> : null}
    </div>
  );
}

function columns(onRevoke: (key: Key) => void): Column<Key>[] {
  return [
    { title: "Label", cell: ({ label }) => <span className="strong">{label}</span> },
    {
      title: "Key",
      cell: ({ key }) => (
        <span className="magic">
          <span className="mono">{key}</span>
          <Copy text={key} what="the key" />
        </span>
      ),
    },
    { title: "Secret", cell: ({ secret_last4: last }) => (last ? <span className="mono">••••{last}</span> : "—") },
    { title: "Role", cell: ({ role }) => ROLE_NAMES[role] },
    { title: "Status", cell: ({ revoked_at }) => <Badge status={revoked_at ? "revoked" : "active"} /> },
    { title: "Made", cell: ({ created_at }) => <Time at={created_at} /> },
    { title: "Last used", cell: ({ last_used_at: at }) => (at ? <Ago at={at} /> : "never") },
    {
      title: "",
      align: "end",
      cell: (key) =>
        key.revoked_at ? null : (
          <RoleButton
            needs="developer"
            size="small"
            look="danger"
            aria-label={`Revoke ${key.label}`}
            onClick={() => onRevoke(key)}
          >
            Revoke
          </RoleButton>
        ),
    },
  ];
}

function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const [label, setLabel] = useState("");
  const [role, setRole] = useState<Role>("developer");
  const create = useCreateKey();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ label: label.trim(), role });
  };
  if (create.data) {
    const { key, secret } = create.data;
    return (
      <ShownOnce
        title={`The key “${create.data.label}”`}
        values={[
          ["API Key", key],
          ["API Secret", secret],
        ]}
        onClose={onClose}
      />
    );
  }
  return (
    <Dialog title="Create key" onClose={onClose}>
      <form className="form" onSubmit={submit} data-test-id="key-form">
        <Field
          label="Label"
          required
          placeholder="Shop server"
          hint="The program that uses it."
          value={label}
          error={faultOf(create.error, "label")}
          onChange={({ target }) => setLabel(target.value)}
        />
        <RoleChoice value={role} error={faultOf(create.error, "role")} onChange={setRole} />
        <div className="form__actions">
          <Button onClick={onClose}>Cancel</Button>
          <RoleButton needs="developer" look="primary" type="submit" busy={create.isPending}>
            Create key
          </RoleButton>
        </div>
      </form>
    </Dialog>
  );
}

function RevokeDialog({ apiKey, onClose }: { apiKey: Key; onClose: () => void }) {
  const revoke = useRevokeKey();
  return (
    <Confirm
      title={`Revoke “${apiKey.label}”`}
      text="Requests with this key are rejected from now on. This cannot be undone."
      act="Revoke key"
      isDangerous
      busy={revoke.isPending}
      onConfirm={() => revoke.mutate(apiKey, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
