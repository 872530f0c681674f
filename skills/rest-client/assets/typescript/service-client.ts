/**
 * An HTTP client for one upstream service: build one at start-up, share it, close it at the end.
 *
 * retry( breaker( timeout( request ))): each attempt has its own timeout and counts for the breaker, all
 * attempts together have a deadline, and nothing is repeated that the upstream may have done already.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { context, propagation } from "@opentelemetry/api";
import { Agent, fetch, type Response } from "undici";
import { CircuitBreaker, CircuitOpenError } from "./breaker.js";

/** A call to another service failed; `cause` is what the library said. */
export class UpstreamError extends Error {
  constructor(readonly upstream: string, message: string, options?: ErrorOptions) {
    super(`${upstream}: ${message}`, options);
    this.name = new.target.name;
  }
}

/** No answer, or one that may be better later. */
export class UpstreamUnavailableError extends UpstreamError {
  /** @param retryAfterMs when the upstream said so */
  constructor(upstream: string, message: string, readonly retryAfterMs?: number, options?: ErrorOptions) {
    super(upstream, message, options);
  }
}

/** No answer in time; what was asked for may have happened. */
export class UpstreamTimeoutError extends UpstreamUnavailableError {}

/** The upstream refused the request; the same request would be refused again. */
export class UpstreamRejectedError extends UpstreamError {
  constructor(upstream: string, readonly status: number, readonly body: string) {
    super(upstream, `answered ${status}`);
  }
}

/** The answer is not what the contract says. */
export class UpstreamContractError extends UpstreamError {}

export interface ClientSettings {
  name: string;
  baseUrl: string;
  connectTimeoutMs?: number;
  /** One attempt, from the first byte sent to the last one read. */
  timeoutMs?: number;
  /** All attempts with the waits between them. */
  deadlineMs?: number;
  attempts?: number;
  backoffMs?: number;
  /** Also the longest Retry-After that is waited for. */
  maxBackoffMs?: number;
  breakerFailures?: number;
  breakerOpenForMs?: number;
  breakerProbes?: number;
}

/** `settingsFromEnv("payments")` reads PAYMENTS_URL and, when it is set, PAYMENTS_TIMEOUT_MS. */
export function settingsFromEnv(name: string, env: NodeJS.ProcessEnv = process.env): ClientSettings {
  const prefix = name.toUpperCase().replaceAll("-", "_");
  const baseUrl = env[`${prefix}_URL`];
  if (!baseUrl) throw new Error(`${prefix}_URL is not set`);
  return { name, baseUrl, timeoutMs: Number(env[`${prefix}_TIMEOUT_MS`] ?? 3000) };
}

export interface RequestOptions {
  /** Values for the path template; they are encoded. */
  path?: Record<string, string>;
  query?: Record<string, string | number>;
  json?: unknown;
  /** Made outside, once for each intent: the same for every attempt. */
  idempotencyKey?: string;
}

export type Method = "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE" | "POST" | "PATCH";

const IDEMPOTENT: ReadonlySet<Method> = new Set<Method>(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
const TRANSIENT: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

export class ServiceClient {
  readonly breaker: CircuitBreaker;
  private readonly settings: Required<ClientSettings>;
  private readonly agent: Agent;

  constructor(settings: ClientSettings) {
    this.settings = {
      connectTimeoutMs: 1000,
      timeoutMs: 3000,
      deadlineMs: 10_000,
      attempts: 3,
      backoffMs: 200,
      maxBackoffMs: 5000,
      breakerFailures: 5,
      breakerOpenForMs: 30_000,
      breakerProbes: 1,
      ...settings,
    };
    this.agent = new Agent({
      connect: { timeout: this.settings.connectTimeoutMs },
      headersTimeout: this.settings.timeoutMs,
      bodyTimeout: this.settings.timeoutMs,
      connections: 100,
    });
    this.breaker = new CircuitBreaker(settings.name, {
      isFailure: (error) => error instanceof UpstreamUnavailableError,
      failures: this.settings.breakerFailures,
      openForMs: this.settings.breakerOpenForMs,
      probes: this.settings.breakerProbes,
    });
  }

  /** Ends the connections, so that the process can end. */
  async close(): Promise<void> {
    await this.agent.close();
  }

  /**
   * Sends a request and gives the body of a 2xx answer, or throws an `UpstreamError`.
   *
   * `template` is a path such as `/payments/{paymentId}`. POST and PATCH are repeated only with an
   * `idempotencyKey`.
   */
  async request(method: Method, template: string, options: RequestOptions = {}): Promise<string> {
    const { name, attempts, deadlineMs, maxBackoffMs } = this.settings;
    const { idempotencyKey } = options;
    const url = this.url(template, options);
    const headers: Record<string, string> = idempotencyKey ? { "Idempotency-Key": idempotencyKey } : {};
    propagation.inject(context.active(), headers);
    const repeatable = IDEMPOTENT.has(method) || idempotencyKey !== undefined;
    const most = repeatable ? attempts : 1;
    const giveUpAt = performance.now() + deadlineMs;

    for (let attempt = 1; attempt <= most; attempt++) {
      try {
        const remaining = giveUpAt - performance.now();
        return await this.breaker.call(() => this.once(method, url, headers, options.json, remaining));
      } catch (error) {
        if (error instanceof CircuitOpenError) {
          throw new UpstreamUnavailableError(name, error.message, error.retryInMs, { cause: error });
        }
        if (!(error instanceof UpstreamUnavailableError)) throw error;
        const wait = this.backoff(attempt, error.retryAfterMs);
        const tooLate = wait > maxBackoffMs || performance.now() + wait >= giveUpAt;
        if (attempt === most || tooLate) throw error;
        await sleep(wait);
      }
    }
    throw new RangeError("attempts must be at least 1");
  }

  private async once(
    method: Method,
    url: URL,
    headers: Record<string, string>,
    json: unknown,
    remainingMs: number,
  ): Promise<string> {
    const { name, timeoutMs } = this.settings;
    let response: Response;
    let body: string;
    try {
      response = await fetch(url, {
        method,
        headers: json === undefined ? headers : { ...headers, "Content-Type": "application/json" },
        body: json === undefined ? undefined : JSON.stringify(json),
        // Holds for the body too: a peer that sends a byte a second does not hold the call.
        signal: AbortSignal.timeout(Math.max(1, Math.floor(Math.min(timeoutMs, remainingMs)))),
        redirect: "manual",
        dispatcher: this.agent,
      });
      body = await response.text();
    } catch (error) {
      if (error instanceof Error && error.name === "TimeoutError") {
        throw new UpstreamTimeoutError(name, `no answer to ${method} ${url.pathname} in time`, undefined, {
          cause: error,
        });
      }
      throw new UpstreamUnavailableError(name, `${method} ${url.pathname} failed`, undefined, { cause: error });
    }
    if (TRANSIENT.has(response.status) || response.status >= 500) {
      throw new UpstreamUnavailableError(name, `answered ${response.status}`, retryAfterMs(response));
    }
    if (!response.ok) throw new UpstreamRejectedError(name, response.status, body.slice(0, 2000));
    return body;
  }

  /** Full jitter below an exponential limit; not less than the upstream asked for. */
  private backoff(attempt: number, askedMs = 0): number {
    const { backoffMs, maxBackoffMs } = this.settings;
    return askedMs + Math.random() * Math.min(maxBackoffMs, backoffMs * 2 ** (attempt - 1));
  }

  private url(template: string, options: RequestOptions): URL {
    const url = new URL(this.settings.baseUrl.replace(/\/$/, "") + fill(template, options.path ?? {}));
    for (const [key, value] of Object.entries(options.query ?? {})) url.searchParams.set(key, String(value));
    return url;
  }
}

/** Puts encoded values into a path template, so that an id such as `../admin` stays one segment. */
export function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined || ["", ".", ".."].includes(value)) {
      throw new RangeError(`${JSON.stringify(value)} is no value for ${key} in ${template}`);
    }
    return encodeURIComponent(value);
  });
}

/** From a number of seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(response: Response): number | undefined {
  const text = response.headers.get("retry-after")?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
