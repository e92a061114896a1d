/** What a role may do. The API decides; this only keeps from offering what it would refuse. */

import { useSyncExternalStore } from "react";

import { onSessionChange, readSession, type Role, type Session } from "./session";

const RANKS: Role[] = ["read_only", "support", "developer", "owner"];

export const ROLE_NAMES: Record<Role, string> = {
  read_only: "Read only",
  support: "Support",
  developer: "Developer",
  owner: "Owner",
};

export const ROLE_NOTES: Record<Role, string> = {
  read_only: "sees everything and changes nothing",
  support: "also refunds, captures and sends webhooks again",
  developer: "also endpoints, keys, the simulator, orders and payments",
  owner: "everything, the team too",
};

export const ROLES: readonly Role[] = RANKS;

export interface May {
  isAllowed: boolean;
  /** Why not, as a sentence. */
  reason: string | undefined;
}

export function useSession(): Session {
  const session = useSyncExternalStore(onSessionChange, readSession);
  if (!session) throw new Error("nobody is signed in");
  return session;
}

/** Whether whoever is signed in may do what needs that role. */
export function useMay(role: Role): May {
  const session = useSyncExternalStore(onSessionChange, readSession);
  const own = session?.user.role ?? "read_only";
  const isAllowed = RANKS.indexOf(own) >= RANKS.indexOf(role);
  return { isAllowed, reason: isAllowed ? undefined : `This needs the role ${role}; yours is ${own}` };
}
