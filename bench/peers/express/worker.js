import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "bullmq";
import { connection, pool, webhooks } from "./shared.js";

const DELAY_MS = Number(process.env.PROCESSING_DELAY);
const CONCURRENCY = 50;

async function processPayment(job) {
  await sleep(DELAY_MS);
  const settled = await pool.query(
    `UPDATE payments SET status = 'success', updated_at = now()
     WHERE id = $1 AND status = 'pending' RETURNING *`,
    [job.data.paymentId],
  );
  if (settled.rows.length === 0) return;
  const [payment] = settled.rows;
  const payload = {
    event: "payment.success",
    timestamp: Math.floor(Date.now() / 1000),
    data: { payment },
  };
  const logged = await pool.query(
    `INSERT INTO webhook_logs (merchant_id, event, payload)
     SELECT id, $2, $3 FROM merchants WHERE id = $1 AND webhook_url IS NOT NULL RETURNING id`,
    [payment.merchant_id, payload.event, payload],
  );
  if (logged.rows.length > 0) await webhooks.add("deliver", { logId: logged.rows[0].id });
}

async function deliver(job) {
  const found = await pool.query(
    `SELECT l.id, l.payload, m.webhook_url, m.webhook_secret
     FROM webhook_logs l JOIN merchants m ON m.id = l.merchant_id
     WHERE l.id = $1 AND l.status = 'pending'`,
    [job.data.logId],
  );
  if (found.rows.length === 0) return;
  const [log] = found.rows;
  const body = JSON.stringify(log.payload);
  const signature = createHmac("sha256", log.webhook_secret).update(body).digest("hex");
  let code = null;
  let text;
  try {
    const response = await fetch(log.webhook_url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Webhook-Signature": signature },
      body,
      signal: AbortSignal.timeout(5000),
    });
    code = response.status;
    text = await response.text();
  } catch (error) {
    text = String(error);
  }
  const ok = code !== null && code >= 200 && code < 300;
  await pool.query(
    `UPDATE webhook_logs SET status = $2, attempts = attempts + 1, last_attempt_at = now(),
     response_code = $3, response_body = $4 WHERE id = $1`,
    [log.id, ok ? "success" : "pending", code, text],
  );
  if (!ok) throw new Error(`not delivered: ${code ?? text}`);
}

const workers = [
  new Worker("payments", processPayment, { connection, concurrency: CONCURRENCY }),
  new Worker("webhooks", deliver, { connection, concurrency: CONCURRENCY }),
];
console.log("working");
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, async () => {
    await Promise.all(workers.map((worker) => worker.close(true)));
    process.exit(0);
  });
}
