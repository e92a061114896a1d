import { X } from "lucide-react";

import { methodName } from "../../format/words";
import { Button } from "../../ui/Button";
import { isAnySet, type FilterValues } from "./filter";

const STATUSES = ["success", "pending", "authorized", "failed", "cancelled"];
const METHODS = ["upi", "card"];

interface FiltersProps {
  filters: FilterValues;
  onChange: (changed: Partial<FilterValues>) => void;
}

/** The row of filters above the list. */
export function Filters({ filters, onChange }: FiltersProps) {
  return (
    <div className="filters" role="group" aria-label="Filters">
      <input
        className="input filters__search"
        type="search"
        aria-label="Search payments"
        placeholder="Id, VPA, last four digits, reason"
        value={filters.q}
        onChange={(event) => onChange({ q: event.target.value })}
      />
      <Select label="Status" values={STATUSES} value={filters.status} onChange={(status) => onChange({ status })} />
      <Select label="Method" values={METHODS} value={filters.method} onChange={(method) => onChange({ method })} />
      {isAnySet(filters) ? (
        <Button look="quiet" icon={X} onClick={() => onChange({ q: "", status: "", method: "" })}>
          Clear
        </Button>
      ) : null}
    </div>
  );
}

interface SelectProps {
  label: string;
  values: string[];
  value: string;
  onChange: (value: string) => void;
}

function Select({ label, values, value, onChange }: SelectProps) {
  return (
    <select
      className="input select"
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{`Any ${label.toLowerCase()}`}</option>
      {values.map((one) => (
        <option key={one} value={one}>
          {label === "Method" ? methodName(one) : one}
        </option>
      ))}
    </select>
  );
}
