import { useScenarios } from "../../api/simulator";
import { Choice } from "../../ui/Field";

interface ScenarioPickerProps {
  label: string;
  hint?: string;
  /** The text of the first choice: no scenario. */
  none: string;
  /** Only scenarios of this method; empty for all. */
  method?: string;
  value: string;
  onChange: (name: string) => void;
}

/** A choice of a scenario. */
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
