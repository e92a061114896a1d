/** What the API answers. Words and units are the wire's: amounts are whole minor units. */

export interface Money {
  amount: number;
  currency: string;
}

export type PaymentStatus = "pending" | "success" | "failed" | (string & {});

export interface Payment extends Money {
  id: string;
  order_id: string;
  merchant_id: string;
  method: string;
  /** What every client knows; `substatus` says more. */
  status: PaymentStatus;
  substatus: string;
  vpa: string | null;
  card_network: string | null;
  card_last4: string | null;
  captured: boolean;
  amount_authorized?: number;
  amount_captured: number;
  amount_refunded: number;
  error_code: string | null;
  error_description: string | null;
  decline_code: string | null;
  processor: string;
  created_at: string;
  updated_at: string;
}

export interface Order extends Money {
  id: string;
  merchant_id: string;
  receipt: string | null;
  /** What a shopper's browser shows to be let in, where the gateway demands it. */
  client_secret?: string | null;
  notes: Record<string, unknown> | null;
  status: string;
  created_at: string;
  updated_at: string;
}

export interface Refund {
  id: string;
  payment_id: string;
  /** In the payment's currency. */
  amount: number;
  reason: string | null;
  status: string;
  created_at: string;
  processed_at: string | null;
}

export interface Delivery {
  id: string;
  event: string;
  status: string;
  attempts: number;
  created_at: string;
  last_attempt_at: string | null;
  next_retry_at: string | null;
  response_code: number | null;
  response_body: string | null;
}

export interface Moment {
  at: string;
  what: string;
}

export interface Page<Row> {
  data: Row[];
  total: number;
  limit: number;
  offset: number;
}

export interface Totals {
  totalTransactions: number;
  totalAmount: number;
  successRate: number;
}

export interface Merchant {
  id: string;
  name: string;
  email: string;
  api_key: string;
  webhook_url: string | null;
  webhook_secret: string | null;
}

export interface TestMerchant {
  id: string;
  email: string;
  api_key: string;
  seeded: boolean;
}

export interface WorkStatus {
  pending: number;
  processing: number;
  completed: number;
  failed: number;
  worker_status: string;
}

export interface Health {
  status: string;
  database: string;
  redis?: string;
  timestamp: string;
}
