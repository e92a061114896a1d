import express from "express";
import { newId, payments, pool } from "./shared.js";

const VPA = /^[a-zA-Z0-9._-]+@[a-zA-Z0-9]+$/;
const app = express();
app.use(express.json());

class ApiError extends Error {
  constructor(status, code, description) {
    super(description);
    this.status = status;
    this.code = code;
  }
}

async function authenticate(req, res, next) {
  const found = await pool.query(
    "SELECT id, name, webhook_url FROM merchants WHERE api_key = $1 AND api_secret = $2 AND is_active",
    [req.get("X-Api-Key"), req.get("X-Api-Secret")],
  );
  if (found.rows.length === 0) {
    throw new ApiError(401, "AUTHENTICATION_ERROR", "Invalid API credentials");
  }
  req.merchant = found.rows[0];
  next();
}

app.get("/health", async (req, res) => {
  await pool.query("SELECT 1");
  res.json({ status: "healthy", database: "connected", timestamp: new Date() });
});

app.post("/api/v1/orders", authenticate, async (req, res) => {
  const { amount, currency = "INR", receipt = null, notes = null } = req.body;
  if (!Number.isInteger(amount) || amount < 100) {
    throw new ApiError(400, "BAD_REQUEST_ERROR", "amount must be at least 100");
  }
  const created = await pool.query(
    `INSERT INTO orders (id, merchant_id, amount, currency, receipt, notes)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING *`,
    [newId("order_"), req.merchant.id, amount, currency, receipt, notes],
  );
  res.status(201).json(created.rows[0]);
});

app.post("/api/v1/payments", authenticate, async (req, res) => {
  const key = req.get("Idempotency-Key");
  if (key) {
    const stored = await pool.query(
      `SELECT response FROM idempotency_keys
       WHERE key = $1 AND merchant_id = $2 AND expires_at > now()`,
      [key, req.merchant.id],
    );
    if (stored.rows.length > 0) return res.status(201).json(stored.rows[0].response);
  }
  const { order_id, method, vpa } = req.body;
  if (method !== "upi") throw new ApiError(400, "BAD_REQUEST_ERROR", "Invalid payment method");
  if (!VPA.test(vpa ?? "")) throw new ApiError(400, "INVALID_VPA", "VPA format invalid");
  const orders = await pool.query(
    "SELECT id, amount, currency FROM orders WHERE id = $1 AND merchant_id = $2",
    [order_id, req.merchant.id],
  );
  if (orders.rows.length === 0) throw new ApiError(404, "NOT_FOUND_ERROR", "Order not found");
  const [order] = orders.rows;
  const created = await pool.query(
    `INSERT INTO payments (id, order_id, merchant_id, amount, currency, method, status, vpa)
     VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7)
     RETURNING id, order_id, amount, currency, method, vpa, status, captured, created_at`,
    [newId("pay_"), order.id, req.merchant.id, order.amount, order.currency, method, vpa],
  );
  const [payment] = created.rows;
  await payments.add("process", { paymentId: payment.id });
  if (key) {
    await pool.query(
      `INSERT INTO idempotency_keys (key, merchant_id, response) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING`,
      [key, req.merchant.id, payment],
    );
  }
  res.status(201).json(payment);
});

app.get("/api/v1/payments", authenticate, async (req, res) => {
  const limit = Math.min(Number(req.query.limit ?? 10), 100);
  const offset = Number(req.query.offset ?? 0);
  const found = await pool.query(
    "SELECT * FROM payments WHERE merchant_id = $1 ORDER BY created_at DESC LIMIT $2 OFFSET $3",
    [req.merchant.id, limit, offset],
  );
  const counted = await pool.query("SELECT count(*)::int AS total FROM payments WHERE merchant_id = $1", [
    req.merchant.id,
  ]);
  res.json({ data: found.rows, total: counted.rows[0].total, limit, offset });
});

app.get("/api/v1/payments/:id", authenticate, async (req, res) => {
  const found = await pool.query("SELECT * FROM payments WHERE id = $1 AND merchant_id = $2", [
    req.params.id,
    req.merchant.id,
  ]);
  if (found.rows.length === 0) throw new ApiError(404, "NOT_FOUND_ERROR", "Payment not found");
  res.json(found.rows[0]);
});

app.use((error, req, res, next) => {
  const known = error instanceof ApiError;
  if (!known) console.error(error);
  res.status(known ? error.status : 500).json({
    error: known
      ? { code: error.code, description: error.message }
      : { code: "SERVER_ERROR", description: "Internal server error" },
  });
});

const server = app.listen(Number(process.env.PORT), "127.0.0.1");
// As long as any load of the benchmark: no connection is closed in the middle of one.
server.keepAliveTimeout = 120_000;
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
