-- The tables of both peers: what a gateway of this style has, with an index for every query.
CREATE TABLE merchants (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name varchar(255) NOT NULL,
    email varchar(255) NOT NULL UNIQUE,
    api_key varchar(64) NOT NULL UNIQUE,
    api_secret varchar(64) NOT NULL,
    webhook_url text,
    webhook_secret varchar(64),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE orders (
    id varchar(64) PRIMARY KEY,
    merchant_id uuid NOT NULL REFERENCES merchants (id),
    amount integer NOT NULL CHECK (amount >= 100),
    currency varchar(3) NOT NULL DEFAULT 'INR',
    receipt varchar(255),
    notes jsonb,
    status varchar(20) NOT NULL DEFAULT 'created',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_merchant ON orders (merchant_id, created_at);

CREATE TABLE payments (
    id varchar(64) PRIMARY KEY,
    order_id varchar(64) NOT NULL REFERENCES orders (id),
    merchant_id uuid NOT NULL REFERENCES merchants (id),
    amount integer NOT NULL,
    currency varchar(3) NOT NULL DEFAULT 'INR',
    method varchar(20) NOT NULL,
    status varchar(20) NOT NULL DEFAULT 'pending',
    vpa varchar(255),
    captured boolean NOT NULL DEFAULT false,
    error_code varchar(50),
    error_description text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payments_order ON payments (order_id);
CREATE INDEX payments_merchant ON payments (merchant_id, created_at);

CREATE TABLE idempotency_keys (
    key varchar(255) NOT NULL,
    merchant_id uuid NOT NULL REFERENCES merchants (id),
    response json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    PRIMARY KEY (key, merchant_id)
);

CREATE TABLE webhook_logs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    merchant_id uuid NOT NULL REFERENCES merchants (id),
    event varchar(50) NOT NULL,
    payload json NOT NULL,
    status varchar(20) NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    last_attempt_at timestamptz,
    response_code integer,
    response_body text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_logs_merchant ON webhook_logs (merchant_id, created_at);

INSERT INTO merchants (name, email, api_key, api_secret, webhook_secret)
VALUES ('Test Merchant', 'test@example.com', 'key_test_abc123', 'secret_test_xyz789',
    'whsec_test_abc123');
