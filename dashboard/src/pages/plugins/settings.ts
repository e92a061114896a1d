/** A plugin's settings: where each comes from, and what of them somebody changed. */

import type { Changes } from "../../api/plugins";
import type { PluginConfig } from "../../api/schema";
import { isSecret, words, type Schema, type Values } from "../../ui/SchemaForm";

export interface Setting {
  name: string;
  label: string;
  schema: Schema;
  source: PluginConfig["source"][string];
  /** The variable of the environment that sets it, where the schema names one. */
  variable: string | null;
}

/** The API says `object` of it; it is a JSON Schema. */
export function schemaOf(config: PluginConfig): Schema {
  return config.schema as Schema;
}

export function fieldsOf(config: PluginConfig): Setting[] {
  return Object.entries(schemaOf(config).properties ?? {}).map(([name, schema]) => ({
    name,
    label: schema.title ?? words(name),
    schema,
    source: config.source[name] ?? "default",
    variable: "env" in schema && typeof schema.env === "string" ? schema.env : null,
  }));
}

/** What is to be sent. An emptied field goes back to its default; an empty secret stays as it is. */
export function changesOf(config: PluginConfig, values: Values): Changes {
  const changed = fieldsOf(config).filter(({ name, schema, source }) => {
    if (source === "environment") return false;
    if (isSecret(schema)) return values[name] !== undefined;
    return JSON.stringify(values[name] ?? null) !== JSON.stringify(config.values[name] ?? null);
  });
  return Object.fromEntries(changed.map(({ name }) => [name, values[name] ?? null]));
}
