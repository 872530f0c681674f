-- The state of every saga: written before each step and after it.
CREATE TABLE IF NOT EXISTS sagas (
    id           uuid PRIMARY KEY,
    type         text NOT NULL,
    state        text NOT NULL DEFAULT 'running'
                 CHECK (state IN ('running', 'compensating', 'completed', 'compensated', 'compensation_failed')),
    step         integer NOT NULL DEFAULT 0, -- the one that is run or compensated next
    attempt      integer NOT NULL DEFAULT 0, -- of that step; above 0 it may have taken effect
    input        jsonb NOT NULL,
    results      jsonb NOT NULL DEFAULT '{}',
    error        text,
    version      integer NOT NULL DEFAULT 0,
    deadline     timestamptz NOT NULL,
    due_at       timestamptz NOT NULL DEFAULT now(),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now()
);
-- `due_at` is the lease too: whoever works on a saga moves it beyond the longest that a step can take.
CREATE INDEX IF NOT EXISTS sagas_due ON sagas (due_at) WHERE state IN ('running', 'compensating');
