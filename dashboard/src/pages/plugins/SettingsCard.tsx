import { Lock, RotateCw, Save, Undo2 } from "lucide-react";
import { useState, type FormEvent, type ReactNode } from "react";

import { fieldOf } from "../../api/action";
import { useConfigurePlugin } from "../../api/plugins";
import type { PluginConfig } from "../../api/schema";
import { useMay } from "../../roles";
import { Button, RoleButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { isSecret, SchemaForm, type Values } from "../../ui/SchemaForm";
import { changesOf, fieldsOf, schemaOf, type Setting } from "./settings";

/** A plugin's settings, as a form from its schema. */
export function SettingsCard({ plugin, config }: { plugin: string; config: PluginConfig }) {
  // Only edited fields; all others show the API's values.
  const [typed, setTyped] = useState<Values | null>(null);
  const [round, setRound] = useState(0);
  const save = useConfigurePlugin(plugin);
  const may = useMay("owner");
  const fields = fieldsOf(config);
  const values = typed ?? config.values;
  const changes = changesOf(config, values);
  const blamed = fieldOf(save.error);

  const start = () => {
    setTyped(null);
    setRound(round + 1);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (Object.keys(changes).length > 0) save.mutate(changes, { onSuccess: start });
  };
  const giveBack = (name: string) => save.mutate({ [name]: null }, { onSuccess: start });
  return (
    <Card title="Settings" note={may.reason ?? "Environment variables take precedence"} testId="plugin-settings">
      <form className="form form--wide" onSubmit={submit} key={round}>
        <SchemaForm
          schema={schemaOf(config)}
          values={values}
          onChange={setTyped}
          faults={blamed ? { [blamed]: save.error?.message ?? null } : {}}
          notes={each(fields, (field) => noteOn(field))}
          actions={each(fields, (field) =>
            field.source === "stored" && may.isAllowed ? (
              <Button
                look="quiet"
                size="small"
                icon={Undo2}
                busy={save.isPending}
                aria-label={`${isSecret(field.schema) ? "Delete" : "Reset to default"}: ${field.label}`}
                onClick={() => giveBack(field.name)}
              >
                {isSecret(field.schema) ? "Delete" : "Reset to default"}
              </Button>
            ) : null,
          )}
          locked={fields.filter(({ source }) => source === "environment").map(({ name }) => name)}
          disabled={!may.isAllowed}
        />
        <div className="form__actions form__actions--start">
          <RoleButton
            needs="owner"
            look="primary"
            type="submit"
            icon={Save}
            busy={save.isPending}
            refused={Object.keys(changes).length === 0 ? "There are no changes" : undefined}
          >
            Save
          </RoleButton>
          {typed ? <Button onClick={start}>Cancel</Button> : null}
        </div>
      </form>
    </Card>
  );
}

function each(fields: Setting[], make: (field: Setting) => ReactNode): Record<string, ReactNode> {
  return Object.fromEntries(fields.map((field) => [field.name, make(field)]));
}

function noteOn({ source, schema, variable }: Setting): ReactNode {
  if (source === "environment") {
    return (
      <span className="setting__source">
        <Lock className="icon setting__lock" aria-hidden /> Set by{" "}
        {variable ? <code>{variable}</code> : "the environment"}; change it there
      </span>
    );
  }
  if (source === "stored") return <span className="setting__source">Set here</span>;
  return isSecret(schema) ? "Not set here" : null;
}

/** Saved settings take effect when a process starts. */
export function NotYetInUse() {
  return (
    <section className="callout callout--busy" role="status" data-test-id="plugin-pending">
      <RotateCw className="icon callout__icon" aria-hidden />
      <div>
        <h2 className="callout__title">Restart required</h2>
        <p>
          Each process reads its settings when it starts. Restart <code>paygate serve</code> and{" "}
          <code>paygate work</code>; until then the old settings are used.
        </p>
      </div>
    </section>
  );
}
