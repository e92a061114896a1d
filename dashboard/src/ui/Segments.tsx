interface SegmentsProps<Value extends string | number> {
  label: string;
  values: readonly (readonly [value: Value, words: string])[];
  value: Value;
  onChange: (value: Value) => void;
}

/** A choice with all options visible. */
export function Segments<Value extends string | number>({ label, values, value, onChange }: SegmentsProps<Value>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {values.map(([one, words]) => (
        <button
          key={one}
          type="button"
          className="segments__one"
          aria-pressed={one === value}
          onClick={() => onChange(one)}
        >
          {words}
        </button>
      ))}
    </div>
  );
}
