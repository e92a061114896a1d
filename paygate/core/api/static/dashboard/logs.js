"use strict";

// The webhook log on one plain page, without a framework. The list comes
// as a bare array or in an envelope, as the gateway's profile has it.

const REFRESH_MS = 3000;

function named(name) {
  return document.querySelector(`meta[name="${name}"]`).content;
}

async function readLogs() {
  const key = named("paygate-test-key");
  // A gateway that needs no credentials ignores them.
  const headers = key ? { "X-Api-Key": key, "X-Api-Secret": named("paygate-test-secret") } : {};
  const response = await fetch(`${named("paygate-api")}/api/v1/webhooks`, { headers });
  if (!response.ok) throw new Error(`The API answered ${response.status}`);
  const answer = await response.json();
  return Array.isArray(answer) ? answer : answer.data;
}

function rowOf(log) {
  const row = document.createElement("tr");
  for (const value of [log.id, log.event, log.status, log.attempts]) {
    row.insertCell().textContent = String(value);
  }
  return row;
}

async function refresh() {
  const state = document.getElementById("state");
  try {
    const logs = await readLogs();
    document.getElementById("logs").replaceChildren(...logs.map(rowOf));
    state.textContent = logs.length === 0 ? "No webhooks yet." : "";
  } catch (error) {
    state.textContent = error instanceof TypeError ? "The API does not answer." : error.message;
  }
}

setInterval(() => document.hidden || refresh(), REFRESH_MS);
refresh();
