/** The login session of this browser. Only this file manages it.
 *
 * The session is a cookie that scripts cannot read. This file keeps the user's data and the CSRF
 * token in memory only. The browser stores that there was a session, so that the page does not
 * ask for one without need.
 *
 * Outside production there is a test merchant that accepts any password. A link to the dashboard
 * logs in as that merchant until the user signs out.
 */

import { answer, api, ApiError, onSessionEnd, proveWith } from "./api/client";
import type { Session } from "./api/schema";
import { readMeta } from "./page-meta";

export type { Session };
export type Role = Session["user"]["role"];

export const TEST_EMAIL = "test@example.com";
/** The test merchant's published key pair; empty in production. */
export const TEST_KEYS = { key: readMeta("paygate-test-key"), secret: readMeta("paygate-test-secret") };
export const IS_TEST_GATEWAY = TEST_KEYS.key !== "";

// Stored for this browser, and for this tab.
const WAS_SIGNED_IN = "paygate.signed-in";
const LEFT = "paygate.signed-out";

const listeners = new Set<() => void>();
let current: Session | null = null;

export function readSession(): Session | null {
  return current;
}

/** Calls the listener when a user signs in or out. */
export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Signs in.
 *
 * @throws ApiError The email or the password is wrong, or the API did not respond.
 */
export async function signIn(email: string, password: string, merchant_id?: string | null): Promise<Session> {
  const body = { email: email.trim(), password, merchant_id: merchant_id || null };
  return keep(await answer(api.POST("/api/v1/session", { body })));
}

/** Restores the session of this browser; a test gateway creates one.
 *
 * @throws ApiError The API did not respond.
 */
export async function restore(): Promise<Session | null> {
  try {
    if (localStorage.getItem(WAS_SIGNED_IN)) return keep(await answer(api.GET("/api/v1/session")));
  } catch (error) {
    if (!(error instanceof ApiError) || error.isTemporary) throw error;
    localStorage.removeItem(WAS_SIGNED_IN);
  }
  if (!IS_TEST_GATEWAY || sessionStorage.getItem(LEFT)) return null;
  try {
    return await signIn(TEST_EMAIL, "any");
  } catch (error) {
    if (error instanceof ApiError && error.isTemporary) throw error;
    return null;
  }
}

/** Ends the session in this browser and at the gateway. */
export async function signOut(): Promise<void> {
  try {
    await answer(api.DELETE("/api/v1/session"));
  } catch {
    // The session may have ended already.
  }
  forget();
}

/** Changes the password; all other sessions of this user end.
 *
 * @throws ApiError The current password is wrong, or the new one is invalid.
 */
export async function changePassword(current_password: string, new_password: string): Promise<Session> {
  const body = { current_password, new_password };
  return keep(await answer(api.PUT("/api/v1/session/password", { body })));
}

function keep(session: Session): Session {
  localStorage.setItem(WAS_SIGNED_IN, "yes");
  sessionStorage.removeItem(LEFT);
  change(session);
  return session;
}

function forget(): void {
  localStorage.removeItem(WAS_SIGNED_IN);
  sessionStorage.setItem(LEFT, "yes");
  change(null);
}

// The session ended at the gateway, or in another tab.
onSessionEnd(() => current && forget());

function change(session: Session | null): void {
  current = session;
  proveWith(session?.csrf_token ?? null);
  for (const listener of listeners) listener();
}
