/** What the tests of the messaging templates share: a database for each test, consumers in processes. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, connect, type Socket, type AddressInfo } from "node:net";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { Message } from "./message-queue/messages.js";

export interface Context {
  name: string;
  url: string;
  pool: pg.Pool;
  worker: (broker: string, variables?: Record<string, string>) => Worker;
  effects: () => Promise<number[]>;
}

/** A test with a name of its own, a database of its own, and consumers that end with it. */
export function withDatabase(title: string, body: (context: Context) => Promise<void>): void {
  test(title, async () => {
    const name = `t-${randomUUID().slice(0, 13)}`;
    const server = process.env.POSTGRES_URL ?? "";
    const admin = new pg.Client({ connectionString: server });
    await admin.connect();
    await admin.query(`CREATE DATABASE "${name}"`);
    const url = server.replace(/\/[^/]*$/, `/${name}`);
    const pool = new pg.Pool({ connectionString: url, max: 5 });
    pool.on("error", () => {});
    const workers: Worker[] = [];
    try {
      for (const script of (process.env.TEMPLATE_SQL ?? "").split(":")) await pool.query(readFileSync(script, "utf8"));
      await pool.query("CREATE TABLE effects (n int, attempt int, traceparent text)");
      await body({
        name,
        url,
        pool,
        worker: (broker, variables = {}) => {
          const worker = new Worker([broker, name, name], { DATABASE_URL: url, ...variables });
          workers.push(worker);
          return worker;
        },
        effects: async () => {
          const found = await pool.query<{ n: number }>("SELECT n FROM effects ORDER BY n");
          return found.rows.map((row) => row.n);
        },
      });
    } finally {
      for (const worker of workers) worker.process.kill("SIGKILL");
      await pool.end();
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      await admin.end();
    }
  });
}

/** A process of the tests. */
export class Worker {
  readonly process: ChildProcess;
  text = "";
  private readonly ended: Promise<number | null>;

  constructor(args: string[], variables: Record<string, string>, script = "worker.js") {
    this.process = spawn(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args], {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const hear = (part: Buffer) => (this.text += part.toString());
    this.process.stdout?.on("data", hear);
    this.process.stderr?.on("data", hear);
    this.ended = new Promise((resolve) => this.process.on("close", (code) => resolve(code)));
  }

  get over(): boolean {
    return this.process.exitCode !== null;
  }

  async end(): Promise<number | null> {
    const late = sleep(60_000, undefined, { ref: false }).then(() => {
      throw new Error(`it did not end: ${this.text}`);
    });
    return Promise.race([this.ended, late]);
  }

  terminate(): Promise<number | null> {
    this.process.kill("SIGTERM");
    return this.end();
  }
}

/** Waits until something holds. */
export async function eventually(check: () => unknown, told: () => string = () => "", pauseMs = 100): Promise<void> {
  const until = Date.now() + 60_000;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`it did not happen: ${told()}`);
    await sleep(pauseMs);
  }
}

export function message(topic: string, n: number, what = "work"): Message {
  const body = Buffer.from(JSON.stringify({ n, do: what }));
  return { id: randomUUID(), topic, key: String(n), type: "test.done", headers: {}, body };
}

/** A way to a server that can be shut: what is sent then is swallowed, and no answer comes. */
export async function gate(host: string, port: number) {
  const sockets: Socket[] = [];
  const state = { shut: false };
  const server = createServer((here) => {
    const there = connect(port, host);
    sockets.push(here, there);
    const pump = (from: Socket, to: Socket) => {
      const held: Buffer[] = [];
      const flush = () => {
        if (state.shut) return void setTimeout(flush, 50).unref();
        for (const part of held.splice(0)) to.write(part);
      };
      from.on("data", (part: Buffer) => {
        held.push(part);
        flush();
      });
      from.on("error", () => {});
      from.on("close", () => to.destroy());
    };
    pump(here, there);
    pump(there, here);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets.splice(0)) socket.destroy();
  };
  const close = () => {
    server.close();
    cut();
  };
  return { state, cut, close, port: (server.address() as AddressInfo).port };
}
