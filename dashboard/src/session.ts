/** Who is signed in. The one file that knows how.
 *
 * The session is a cookie that no script can read; what is kept here is who it names and
 * the token that changes are asked for with, both in memory only. What this browser
 * remembers is that there was a session, so that nobody is asked for one in vain.
 *
 * Outside production there is a test merchant whom any password opens, and a link into
 * the dashboard opens it without the login page until somebody signs out.
 */

import { answer, api, ApiError, onSessionEnd, proveWith } from "./api/client";
import type { Session } from "./api/schema";
import { told } from "./told";

export type { Session };
export type Role = Session["user"]["role"];

export const TEST_EMAIL = "test@example.com";
/** The test merchant's, which are no secret; empty where there is none. */
export const TEST_KEYS = { key: told("paygate-test-key"), secret: told("paygate-test-secret") };
export const IS_TEST_GATEWAY = TEST_KEYS.key !== "";

// Of this browser, and of this tab.
const WAS_SIGNED_IN = "paygate.signed-in";
const LEFT = "paygate.signed-out";

const listeners = new Set<() => void>();
let current: Session | null = null;

export function readSession(): Session | null {
  return current;
}

/** Be told when somebody signs in or out. */
export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Sign in.
 *
 * @throws ApiError The email or the password is wrong, or the API did not answer.
 */
export async function signIn(email: string, password: string, merchant_id?: string | null): Promise<Session> {
  const body = { email: email.trim(), password, merchant_id: merchant_id || null };
  return keep(await answer(api.POST("/api/v1/session", { body })));
}

/** The session this browser has, if there is one; at a test gateway one is made.
 *
 * @throws ApiError The API did not answer.
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

/** End the session, here and at the gateway. */
export async function signOut(): Promise<void> {
  try {
    await answer(api.DELETE("/api/v1/session"));
  } catch {
    // It may have ended already; either way it is not ours any more.
  }
  forget();
}

/** Another password; every other session of this user ends.
 *
 * @throws ApiError The present one is wrong, or the new one is no good.
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

// Ended at the gateway, or by another tab.
onSessionEnd(() => current && forget());

function change(session: Session | null): void {
  current = session;
  proveWith(session?.csrf_token ?? null);
  for (const listener of listeners) listener();
}
