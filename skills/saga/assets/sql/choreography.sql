-- For a saga by events. Each service has its own part of this in its own database, beside its outbox and its
-- processed_messages; the status of the rows is the state of the saga.

-- Of the service where the operation begins and ends.
CREATE TABLE IF NOT EXISTS orders (
    id         uuid PRIMARY KEY,
    status     text NOT NULL DEFAULT 'PENDING'
               CHECK (status IN ('PENDING', 'RESERVED', 'CONFIRMED', 'CANCELLING', 'CANCELLED', 'CANCEL_FAILED')),
    data       jsonb NOT NULL,
    reason     text,                          -- why it was cancelled
    undone     text[] NOT NULL DEFAULT '{}',  -- who has answered to order.cancelled
    reminders  integer NOT NULL DEFAULT 0,
    deadline   timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS orders_unfinished ON orders (deadline) WHERE status IN ('PENDING', 'RESERVED', 'CANCELLING');

-- Of the stock service. A row that is RELEASED and was never RESERVED is a mark: the cancellation came first.
CREATE TABLE IF NOT EXISTS stock_items (
    sku       text PRIMARY KEY,
    available integer NOT NULL CHECK (available >= 0)
);
CREATE TABLE IF NOT EXISTS stock_reservations (
    order_id uuid PRIMARY KEY,
    status   text NOT NULL CHECK (status IN ('RESERVED', 'REFUSED', 'RELEASED')),
    sku      text,
    amount   integer
);

-- Of the payment service, in the same way.
CREATE TABLE IF NOT EXISTS order_payments (
    order_id   uuid PRIMARY KEY,
    status     text NOT NULL CHECK (status IN ('CAPTURED', 'REFUSED', 'REFUNDED')),
    payment_id text
);
