/** The call was not made: the upstream failed too often. */
export class CircuitOpenError extends Error {
  constructor(name: string, readonly retryInMs: number) {
    super(`circuit of ${name} is open for another ${retryInMs} ms`);
    this.name = "CircuitOpenError";
  }
}

export interface BreakerOptions {
  /** Which errors speak against the upstream; an answer such as 404 does not. */
  isFailure: (error: unknown) => boolean;
  /** Failures in a row that open it. */
  failures?: number;
  openForMs?: number;
  /** Calls that are let through at a time while half-open. */
  probes?: number;
  now?: () => number;
}

export type BreakerState = "closed" | "open" | "half-open";

/**
 * A circuit breaker for one upstream. It lives as long as the process. The result of a call that began
 * before the last change of state is ignored: a late success closes nothing.
 */
export class CircuitBreaker {
  private current: BreakerState = "closed";
  private failed = 0;
  private probing = 0;
  private openedAt = 0;
  private generation = 0;
  private readonly failures: number;
  private readonly openForMs: number;
  private readonly probes: number;
  private readonly now: () => number;

  constructor(readonly name: string, private readonly options: BreakerOptions) {
    this.failures = options.failures ?? 5;
    this.openForMs = options.openForMs ?? 30_000;
    this.probes = options.probes ?? 1;
    this.now = options.now ?? (() => performance.now());
  }

  get state(): BreakerState {
    return this.current;
  }

  /** Runs one attempt, or throws `CircuitOpenError` without running it. */
  async call<T>(attempt: () => Promise<T>): Promise<T> {
    const generation = this.admit();
    let result: T;
    try {
      result = await attempt();
    } catch (error) {
      this.settle(generation, this.options.isFailure(error));
      throw error;
    }
    this.settle(generation, false);
    return result;
  }

  private admit(): number {
    if (this.current === "open") {
      const remaining = this.openedAt + this.openForMs - this.now();
      if (remaining > 0) throw new CircuitOpenError(this.name, Math.ceil(remaining));
      this.change("half-open");
    }
    if (this.current === "half-open") {
      if (this.probing >= this.probes) throw new CircuitOpenError(this.name, this.openForMs);
      this.probing += 1;
    }
    return this.generation;
  }

  private settle(generation: number, failed: boolean): void {
    if (generation !== this.generation) return;
    if (!failed) {
      this.failed = 0;
      if (this.current === "half-open") this.change("closed");
      return;
    }
    this.failed += 1;
    if (this.current === "half-open" || this.failed >= this.failures) {
      this.openedAt = this.now();
      this.change("open");
    }
  }

  private change(state: BreakerState): void {
    this.current = state;
    this.generation += 1;
    this.failed = 0;
    this.probing = 0;
  }
}
