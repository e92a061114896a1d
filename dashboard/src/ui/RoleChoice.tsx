import { ROLE_NAMES, ROLE_NOTES, ROLES } from "../roles";
import type { Role } from "../session";
import { Choice } from "./Field";

interface RoleChoiceProps {
  value: Role;
  error?: string | null;
  onChange: (role: Role) => void;
}

/** A choice of a role, with its permissions. */
export function RoleChoice({ value, error, onChange }: RoleChoiceProps) {
  return (
    <Choice
      label="Role"
      hint={`${ROLE_NAMES[value]}: ${ROLE_NOTES[value]}.`}
      error={error}
      value={value}
      onChange={({ target }) => onChange(ROLES.find((role) => role === target.value) ?? value)}
    >
      {ROLES.map((role) => (
        <option key={role} value={role}>
          {ROLE_NAMES[role]}
        </option>
      ))}
    </Choice>
  );
}
