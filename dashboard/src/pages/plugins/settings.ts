/** A plugin's settings: their sources and changes. */

import type { Changes } from "../../api/plugins";
import type { PluginConfig } from "../../api/schema";
import { isSecret, words, type Schema, type Values } from "../../ui/SchemaForm";

export interface Setting {
  name: string;
  label: string;
  schema: Schema;
  source: PluginConfig["source"][string];
  /** The environment variable of the setting, if the schema names one. */
  variable: string | null;
}

/** A JSON Schema; the API's type is `object`. */
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

/** The changes to send. An empty field is reset to its default; an empty secret is not changed. */
export function changesOf(config: PluginConfig, values: Values): Changes {
  const changed = fieldsOf(config).filter(({ name, schema, source }) => {
    if (source === "environment") return false;
    if (isSecret(schema)) return values[name] !== undefined;
    return JSON.stringify(values[name] ?? null) !== JSON.stringify(config.values[name] ?? null);
  });
  return Object.fromEntries(changed.map(({ name }) => [name, values[name] ?? null]));
}
