import { useScenarios } from "../../api/simulator";
import { Choice } from "../../ui/Field";

interface ScenarioPickerProps {
  label: string;
  hint?: string;
  /** What the first choice says: no scenario. */
  none: string;
  /** Only those that this method can play; empty for all. */
  method?: string;
  value: string;
  onChange: (name: string) => void;
}

/** One of the catalogue's scenarios, or none. */
export function ScenarioPicker({ label, hint, none, method = "", value, onChange }: ScenarioPickerProps) {
  const scenarios = useScenarios();
  const playable = (scenarios.data ?? []).filter(
    ({ methods }) => !method || methods.length === 0 || methods.includes(method),
  );
  const isKnown = value === "" || playable.some(({ name }) => name === value);
  return (
    <Choice label={label} hint={hint} value={value} onChange={({ target }) => onChange(target.value)}>
      <option value="">{none}</option>
      {isKnown ? null : <option value={value}>{value}</option>}
      {playable.map(({ name }) => (
        <option key={name} value={name}>
          {name.replaceAll("_", " ")}
        </option>
      ))}
    </Choice>
  );
}
