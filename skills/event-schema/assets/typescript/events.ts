/**
 * Events as CloudEvents 1.0: validated when they are made and when they come, old versions made new.
 *
 * The type ends with the version of its schema: `order.placed.v2` is described by
 * `order.placed.v2.schema.json`. A published schema never changes.
 */
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { z } from "zod";

export type Data = Record<string, unknown>;
/** Makes data of one version into data of the next. */
export type Upcast = (data: Data) => Data;

/** Not an event, or not what its schema says: poison for a consumer, a bug for a publisher. */
export class InvalidEventError extends Error {
  override readonly name = "InvalidEventError";
}

/** A type or a version that this service does not know: acknowledge and count it, or park it. */
export class UnknownEventError extends Error {
  override readonly name = "UnknownEventError";
}

const Envelope = z.object({
  specversion: z.literal("1.0"),
  /** Made once; stays, however often the event is sent: consumers deduplicate by it. */
  id: z.uuid(),
  /** Which service: `/orders`. */
  source: z.string().min(1),
  type: z.string().regex(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v[1-9]\d*$/),
  /** The id of the aggregate; also the key that keeps the order. */
  subject: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  datacontenttype: z.literal("application/json"),
  dataschema: z.string(),
  /** Of the whole business operation. */
  correlationid: z.string().min(1),
  /** The id of the event or command that led to this one. */
  causationid: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
});
export type CloudEvent = z.infer<typeof Envelope>;

export interface NewEvent {
  type: string;
  source: string;
  subject: string;
  correlationId: string;
  causationId?: string;
  data: Data;
}

/** The events that a service publishes and understands. */
export class Events {
  private readonly schemas = new Map<string, { id: string; validate: ValidateFunction }>();
  private readonly latest = new Map<string, number>();

  constructor(folder: string, private readonly upcasts: Readonly<Record<string, Upcast>> = {}) {
    const ajv = new Ajv2020({ strict: true, allErrors: false });
    addFormats.default(ajv);
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".schema.json")).sort()) {
      const schema = JSON.parse(readFileSync(join(folder, file), "utf8")) as { $id: string };
      const type = file.slice(0, -".schema.json".length);
      const [name, version] = split(type);
      this.schemas.set(type, { id: schema.$id, validate: ajv.compile(schema) });
      this.latest.set(name, Math.max(version, this.latest.get(name) ?? 0));
    }
    for (const type of this.schemas.keys()) {
      const [name, version] = split(type);
      if (version < (this.latest.get(name) ?? 0) && !upcasts[type]) {
        throw new Error(`nothing makes ${type} into ${name}.v${version + 1}`);
      }
    }
  }

  /** A new event, with its id. Throws `InvalidEventError` when its data is not what the schema says. */
  create({ type, source, subject, correlationId, causationId, data }: NewEvent): CloudEvent {
    // As it will be on the wire: dates as text, undefined left out.
    const plain = JSON.parse(JSON.stringify(data)) as Data;
    const { id: dataschema } = this.validate(type, plain);
    return {
      specversion: "1.0",
      id: randomUUID(),
      source,
      type,
      subject,
      time: new Date().toISOString(),
      datacontenttype: "application/json",
      dataschema,
      correlationid: correlationId,
      ...(causationId === undefined ? {} : { causationid: causationId }),
      data: plain,
    };
  }

  /** An event that came, in the newest version of its type. Unknown fields are no fault. */
  decode(body: Buffer): CloudEvent {
    let event: CloudEvent;
    try {
      event = Envelope.parse(JSON.parse(body.toString("utf8")));
    } catch (error) {
      throw new InvalidEventError("the envelope can't be read", { cause: error });
    }
    const [name, version] = split(event.type);
    if (!this.schemas.has(event.type)) throw new UnknownEventError(event.type);
    this.validate(event.type, event.data);
    const latest = this.latest.get(name) ?? version;
    let data: Data = event.data;
    for (let old = version; old < latest; old++) {
      const upcast = this.upcasts[`${name}.v${old}`];
      if (!upcast) throw new UnknownEventError(event.type);
      data = upcast(data);
    }
    const type = `${name}.v${latest}`;
    const { id: dataschema } = this.validate(type, data);
    return { ...event, type, dataschema, data };
  }

  private validate(type: string, data: Data): { id: string } {
    const schema = this.schemas.get(type);
    if (!schema) throw new InvalidEventError(`there is no schema of ${type}`);
    if (!schema.validate(data)) {
      const [first] = schema.validate.errors ?? [];
      throw new InvalidEventError(`${type}: ${first?.instancePath ?? ""} ${first?.message ?? ""}`);
    }
    return schema;
  }
}

/** `order.placed.v2`: name and version. */
function split(type: string): [string, number] {
  const [, name, version] = /^(.+)\.v(\d+)$/.exec(type) ?? [];
  if (!name || !version) throw new InvalidEventError(`${type} is no type such as order.placed.v1`);
  return [name, Number(version)];
}
