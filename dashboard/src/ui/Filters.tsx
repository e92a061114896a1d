import { X } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { Button } from "./Button";
import type { ListState } from "./list";

/** One filter of a list. */
export type FilterOf<Name extends string> =
  | { name: Name; kind: "search"; label: string; placeholder: string }
  | { name: Name; kind: "choice"; label: string; values: readonly (string | [value: string, words: string])[] }
  | { name: Name; kind: "day"; label: string };

interface FiltersProps<Name extends string> {
  list: ListState<Name>;
  filters: readonly FilterOf<Name>[];
}

/** The row of filters above a list. */
export function Filters<Name extends string>({ list, filters }: FiltersProps<Name>) {
  const set = (name: Name) => (value: string) => list.change({ [name]: value } as Partial<Record<Name, string>>);
  return (
    <div className="filters" role="group" aria-label="Filters">
      {filters.map((filter) => (
        <One key={filter.name} filter={filter} value={list.values[filter.name]} onChange={set(filter.name)} />
      ))}
      {list.isFiltered ? (
        <Button look="quiet" icon={X} onClick={list.clear}>
          Clear
        </Button>
      ) : null}
    </div>
  );
}

interface OneProps {
  filter: FilterOf<string>;
  value: string;
  onChange: (value: string) => void;
}

function One({ filter, value, onChange }: OneProps) {
  if (filter.kind === "search") return <Search {...filter} value={value} onChange={onChange} />;
  if (filter.kind === "day") {
    return (
      <label className="filters__day">
        <span>{filter.label}</span>
        <input className="input" type="date" value={value} onChange={(event) => onChange(event.target.value)} />
      </label>
    );
  }
  return (
    <select
      className="input select"
      aria-label={filter.label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{`Any ${filter.label.toLowerCase()}`}</option>
      {filter.values.map((one) => {
        const [code, words] = typeof one === "string" ? [one, one] : one;
        return (
          <option key={code} value={code}>
            {words}
          </option>
        );
      })}
    </select>
  );
}

const TYPING_MS = 250;

interface SearchProps {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
}

/** A search field; the search starts when typing pauses. */
function Search({ label, placeholder, value, onChange }: SearchProps) {
  const [typed, setTyped] = useState(value);
  const asked = useRef(value);
  const latest = useRef(onChange);
  latest.current = onChange;

  // Changed from outside: by the search field above, “Clear”, or the browser's back button.
  useEffect(() => {
    if (value !== asked.current) setTyped(value);
    asked.current = value;
  }, [value]);
  useEffect(() => {
    if (typed === asked.current) return;
    const timer = setTimeout(() => {
      asked.current = typed;
      latest.current(typed);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <input
      className="input filters__search"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}
