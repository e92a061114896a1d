/** What a role may do. The API enforces it; this file only hides what the API would reject. */

import { useSyncExternalStore } from "react";

import { readMeta } from "./page-meta";
import { onSessionChange, readSession, type Role, type Session } from "./session";

/** The roles of the API; each includes those before it. */
export const ROLES = readMeta("paygate-roles").split(" ") as Role[];

export const ROLE_NAMES: Record<Role, string> = {
  read_only: "Read only",
  support: "Support",
  developer: "Developer",
  owner: "Owner",
};

export const ROLE_NOTES: Record<Role, string> = {
  read_only: "can read everything",
  support: "can also refund, capture and resend webhooks",
  developer: "can also manage endpoints, keys, the simulator, orders and payments",
  owner: "can do everything, including the team",
};

export interface May {
  isAllowed: boolean;
  /** The reason if it is not allowed. */
  reason: string | undefined;
}

export function useSession(): Session {
  const session = useSyncExternalStore(onSessionChange, readSession);
  if (!session) throw new Error("no user is signed in");
  return session;
}

/** Returns whether the user has at least that role. */
export function useMay(role: Role): May {
  const session = useSyncExternalStore(onSessionChange, readSession);
  const own = session?.user.role ?? "read_only";
  const isAllowed = ROLES.indexOf(own) >= ROLES.indexOf(role);
  return { isAllowed, reason: isAllowed ? undefined : `This needs the role ${role}; yours is ${own}` };
}
