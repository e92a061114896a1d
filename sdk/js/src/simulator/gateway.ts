/** Requests of the simulator's pages to the gateway, on the same origin. */

import type { NextAction } from "../page/api.ts";

export type Decision = "approve" | "decline" | "wrong_pin" | "time_out";

export interface Asked {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly method: string;
  readonly status: string;
  readonly vpa?: string | null;
  readonly next_action?: NextAction | null;
}

export interface Credentials {
  readonly key: string;
  readonly secret: string;
}

const ANSWER_WITHIN_MS = 15_000;

/** A payment as the shopper sees it. */
export function payment(id: string): Promise<Asked> {
  return ask<Asked>(`/payments/${encodeURIComponent(id)}/public`);
}

/** The test merchant's payments that wait for a UPI app, the newest first. */
export async function waiting({ key, secret }: Credentials): Promise<readonly Asked[]> {
  const headers = { "X-Api-Key": key, "X-Api-Secret": secret };
  const payments = await ask<readonly Asked[]>("/payments/list", { headers });
  return payments.filter((one) => one.method === "upi" && one.next_action);
}

export async function merchantName(): Promise<string> {
  return (await ask<{ name?: string }>("/test/merchant")).name ?? "Test Merchant";
}

/** The gateway's clock, which tests move. */
export async function now(): Promise<number> {
  return Date.parse((await ask<{ now: string }>("/test/clock")).now);
}

export function decide(id: string, decision: Decision): Promise<Asked> {
  return ask<Asked>(`/test/payments/${encodeURIComponent(id)}/payer`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ decision }),
  });
}

/** @throws Error With a message for users. */
async function ask<Answer>(path: string, request: RequestInit = {}): Promise<Answer> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const answer = await fetch(`/api/v1${path}`, { ...request, signal, cache: "no-store" });
  const body: unknown = await answer.json();
  if (answer.ok) return body as Answer;
  const message = (body as { error?: { description?: string } } | null)?.error?.description;
  throw new Error(message ?? `The gateway responded with ${answer.status}.`);
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
