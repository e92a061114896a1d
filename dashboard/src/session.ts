/** Who is signed in. The one file that knows how: a login API would replace `signIn`.
 *
 * A gateway in test mode has one merchant, whose credentials are no secret: they
 * stand in the documents. Any password opens it. Everybody else signs in with
 * their API credentials. They are kept for this tab only and end with it.
 */

import { ApiError, ask, credentialsFrom, type Credentials } from "./api/client";
import type { Merchant, TestMerchant } from "./api/types";
import { told } from "./told";

export interface Session extends Credentials {
  name: string;
  email: string;
  /** Whether this is the merchant that test gateways come with. */
  isTest: boolean;
}

export const TEST_EMAIL = "test@example.com";
// Those of a gateway nobody has configured; a page that was told others uses them.
const TEST_CREDENTIALS: Credentials = {
  apiKey: told("paygate-test-key") || "key_test_abc123",
  apiSecret: told("paygate-test-secret") || "secret_test_xyz789",
};
const KEPT = "paygate.session";
const LEFT = "paygate.signed-out";

const listeners = new Set<() => void>();
let current: Session | null | undefined;

/** The session of this tab, if there is one. */
export function readSession(): Session | null {
  if (current === undefined) {
    const kept = sessionStorage.getItem(KEPT);
    current = kept ? (JSON.parse(kept) as Session) : null;
  }
  return current;
}

credentialsFrom(readSession);

/** Be told when somebody signs in or out. */
export function onSessionChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Sign in as the test merchant.
 *
 * @throws ApiError Another address, no such merchant here, or other credentials than ours.
 */
export async function signInForTests(email: string): Promise<Session> {
  const merchant = await testMerchant();
  if (email.trim().toLowerCase() !== merchant.email.toLowerCase()) {
    throw new ApiError(401, "AUTHENTICATION_ERROR", `Use ${merchant.email}; any password will do`);
  }
  return signIn(TEST_CREDENTIALS);
}

/** Sign in with API credentials.
 *
 * @throws ApiError They name nobody, or the API did not answer.
 */
export async function signIn(credentials: Credentials): Promise<Session> {
  const merchant = await ask<Merchant>("/merchant/config", { credentials });
  const isTest = credentials.apiKey === TEST_CREDENTIALS.apiKey;
  const session = { ...credentials, name: merchant.name, email: merchant.email, isTest };
  keep(session);
  return session;
}

/** Open a link into the dashboard without the login page, where there is nothing to protect.
 *
 * Only a test gateway has a test merchant, and its credentials are public. Whoever
 * has signed out in this tab stays out.
 */
export async function signInByLink(): Promise<Session | null> {
  if (sessionStorage.getItem(LEFT)) return null;
  try {
    return await signInForTests(TEST_EMAIL);
  } catch (error) {
    if (error instanceof ApiError && !error.isTemporary) return null;
    throw error;
  }
}

/** Forget who this was. */
export function signOut(): void {
  sessionStorage.setItem(LEFT, "yes");
  keep(null);
}

async function testMerchant(): Promise<TestMerchant> {
  try {
    return await ask<TestMerchant>("/test/merchant", { credentials: null });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      const text = "This gateway has no test merchant; sign in with API credentials";
      throw new ApiError(404, "NOT_FOUND_ERROR", text);
    }
    throw error;
  }
}

function keep(session: Session | null): void {
  current = session;
  if (session) {
    sessionStorage.setItem(KEPT, JSON.stringify(session));
    sessionStorage.removeItem(LEFT);
  } else {
    sessionStorage.removeItem(KEPT);
  }
  for (const listener of listeners) listener();
}
