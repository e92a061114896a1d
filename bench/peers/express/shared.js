// What the API and the worker share: the database, the queues, ids.
import { randomBytes } from "node:crypto";
import { Queue } from "bullmq";
import IORedis from "ioredis";
import pg from "pg";

// Server and database come from PGHOST, PGUSER and PGDATABASE.
export const pool = new pg.Pool({ max: 10 });

export const connection = new IORedis({
  path: process.env.REDIS_SOCKET,
  db: Number(process.env.REDIS_DB),
  maxRetriesPerRequest: null,
});

const defaultJobOptions = {
  attempts: 5,
  backoff: { type: "exponential", delay: 1000 },
  removeOnComplete: true,
  removeOnFail: 1000,
};
export const payments = new Queue("payments", { connection, defaultJobOptions });
export const webhooks = new Queue("webhooks", { connection, defaultJobOptions });

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function newId(prefix) {
  let id = prefix;
  for (const byte of randomBytes(16)) id += ALPHABET[byte % ALPHABET.length];
  return id;
}
