/** A form created from a JSON Schema: the settings or the payments of a plugin.
 *
 * It supports flat objects of strings, numbers, switches, choices and lists of strings; anything
 * else is edited as JSON. The server validates; this only shows.
 */

import { useState, type ReactNode } from "react";

import { Choice, Field } from "./Field";

export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  writeOnly?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
}

export type Values = Record<string, unknown>;

interface SchemaFormProps {
  schema: Schema;
  values: Values;
  onChange: (values: Values) => void;
  /** Field → its error. */
  faults?: Record<string, string | null>;
  /** Field → an additional hint. */
  notes?: Record<string, ReactNode>;
  /** Field → an action below it. */
  actions?: Record<string, ReactNode>;
  /** Read-only fields; a note says why. */
  locked?: readonly string[];
  disabled?: boolean;
}

export function SchemaForm(props: SchemaFormProps) {
  const { schema, values, onChange, faults = {}, notes = {}, actions = {}, locked = [], disabled = false } = props;
  const set = (name: string) => (value: unknown) => onChange({ ...values, [name]: value });
  return (
    <>
      {Object.entries(schema.properties ?? {}).map(([name, property]) => (
        <div key={name} className="setting">
          <SchemaField
            name={name}
            schema={resolved(property, schema)}
            isRequired={schema.required?.includes(name) ?? false}
            value={values[name]}
            fault={faults[name] ?? null}
            note={notes[name]}
            disabled={disabled || locked.includes(name)}
            onChange={set(name)}
          />
          {actions[name]}
        </div>
      ))}
    </>
  );
}

interface SchemaFieldProps {
  name: string;
  schema: Schema;
  isRequired: boolean;
  value: unknown;
  fault: string | null;
  note: ReactNode;
  disabled: boolean;
  onChange: (value: unknown) => void;
}

function SchemaField({ name, schema, isRequired, value, fault, note, disabled, onChange }: SchemaFieldProps) {
  const shared = {
    label: schema.title ?? words(name),
    error: fault,
    hint: hintOf(schema, note),
    required: isRequired && !isSecret(schema),
    disabled,
    name,
  };
  const type = typeOf(schema);
  if (schema.enum) {
    const shown = value ?? schema.default ?? "";
    return (
      <Choice {...shared} value={String(shown)} onChange={({ target }) => onChange(read(target.value, schema.enum))}>
        {isRequired ? null : <option value="">—</option>}
        {schema.enum.map((one) => (
          <option key={String(one)} value={String(one)}>
            {String(one)}
          </option>
        ))}
      </Choice>
    );
  }
  if (type === "boolean") {
    const isOn = (value ?? schema.default) === true;
    return (
      <label className="switch">
        <input
          type="checkbox"
          name={name}
          disabled={disabled}
          checked={isOn}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>
          <span className="field__label">{shared.label}</span>
          {shared.hint ? <span className="field__hint">{shared.hint}</span> : null}
          {fault ? <span className="field__error">{fault}</span> : null}
        </span>
      </label>
    );
  }
  if (type === "integer" || type === "number") {
    return (
      <Field
        {...shared}
        type="number"
        step={type === "integer" ? 1 : "any"}
        min={schema.minimum}
        max={schema.maximum}
        placeholder={placeholderOf(schema)}
        value={value === undefined || value === null ? "" : String(value)}
        onChange={({ target }) => onChange(target.value === "" ? undefined : Number(target.value))}
      />
    );
  }
  if (type === "array" && typeOf(schema.items ?? {}) === "string") {
    return (
      <Field
        {...shared}
        hint={hintOf(schema, note, "Separated by commas.")}
        value={Array.isArray(value) ? value.join(", ") : ""}
        onChange={({ target }) => onChange(target.value === "" ? undefined : target.value.split(/,\s*/))}
      />
    );
  }
  if (type === "object" || type === "array") {
    return <JsonField shared={shared} value={value ?? schema.default} onChange={onChange} />;
  }
  return (
    <Field
      {...shared}
      type={isSecret(schema) ? "password" : schema.format === "uri" ? "url" : "text"}
      autoComplete="off"
      spellCheck={false}
      maxLength={schema.maxLength}
      placeholder={isSecret(schema) ? "Leave empty to keep it" : placeholderOf(schema)}
      value={typeof value === "string" ? value : ""}
      onChange={({ target }) => onChange(target.value === "" ? undefined : target.value)}
    />
  );
}

interface JsonFieldProps {
  shared: { label: string; error: string | null; hint: ReactNode; name: string; disabled: boolean };
  value: unknown;
  onChange: (value: unknown) => void;
}

function JsonField({ shared, value, onChange }: JsonFieldProps) {
  const [text, setText] = useState(() => (value === undefined ? "" : JSON.stringify(value)));
  const [fault, setFault] = useState<string | null>(null);
  const change = (input: HTMLInputElement) => {
    const fault = faultOfJson(input.value);
    setText(input.value);
    setFault(fault);
    // The form cannot be sent while it is invalid.
    input.setCustomValidity(fault ?? "");
    if (!fault) onChange(input.value === "" ? undefined : JSON.parse(input.value));
  };
  return (
    <Field
      {...shared}
      error={fault ?? shared.error}
      spellCheck={false}
      value={text}
      onChange={({ target }) => change(target)}
    />
  );
}

function faultOfJson(text: string): string | null {
  try {
    if (text !== "") JSON.parse(text);
    return null;
  } catch {
    return "This is not valid JSON";
  }
}

/** Whether the value is write-only. */
export function isSecret(schema: Schema): boolean {
  return schema.writeOnly === true || schema.format === "password";
}

/** `merchant_vpa` as `Merchant vpa`. */
export function words(name: string): string {
  const spaced = name.replaceAll("_", " ");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function resolved(schema: Schema, root: Schema): Schema {
  const name = schema.$ref?.split("/").at(-1);
  if (name) return resolved({ ...root.$defs?.[name], ...without(schema, "$ref") }, root);
  const parts = schema.allOf ?? schema.anyOf?.filter((one) => one.type !== "null");
  if (parts?.length === 1 && parts[0]) {
    return resolved({ ...parts[0], ...without(schema, "anyOf", "allOf") }, root);
  }
  return schema;
}

function without(schema: Schema, ...names: (keyof Schema)[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name as keyof Schema)));
}

function typeOf(schema: Schema): string {
  const types = [schema.type].flat().filter((one) => one !== "null");
  if (types.length === 1 && types[0]) return types[0];
  // Numbers with a decimal point may also come as text.
  const number = schema.anyOf?.find((one) => one.type === "number" || one.type === "integer");
  return number?.type?.toString() ?? "string";
}

function hintOf(schema: Schema, note: ReactNode, more?: string): ReactNode {
  const parts = [schema.description, more].filter(Boolean).join(" ");
  if (!parts && !note) return undefined;
  return (
    <>
      {parts}
      {parts && note ? " · " : null}
      {note}
    </>
  );
}

function placeholderOf(schema: Schema): string | undefined {
  return schema.default === undefined || schema.default === null ? undefined : String(schema.default);
}

function read(text: string, values: unknown[] | undefined): unknown {
  return values?.find((one) => String(one) === text);
}
