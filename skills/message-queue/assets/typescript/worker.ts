/** A process that publishes the outbox and consumes from RabbitMQ, and ends in an orderly way on SIGTERM. */
import pg from "pg";
import { z } from "zod";
import { PoisonMessageError, stopOnSignals, type Handler } from "./messages.js";
import { Relay } from "./outbox.js";
import { RabbitConsumer, RabbitPublisher } from "./rabbitmq.js";

const Order = z.object({
  data: z.object({ order_id: z.string(), sku: z.string(), amount: z.int().positive() }),
});

/** Reserves stock for a placed order. */
const reserve: Handler = async (transaction, message) => {
  let order: z.infer<typeof Order>;
  try {
    order = Order.parse(JSON.parse(message.body.toString()));
  } catch (error) {
    throw new PoisonMessageError(`${message.type} ${message.id} can't be read`, { cause: error });
  }
  const { order_id, sku, amount } = order.data;
  await transaction.query("INSERT INTO reservations (order_id, sku, amount) VALUES ($1, $2, $3)", [
    order_id,
    sku,
    amount,
  ]);
};

const url = process.env.RABBITMQ_URL;
if (!url) throw new Error("RABBITMQ_URL is not set");
const stop = stopOnSignals();
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
pool.on("error", (error) => console.error("an idle connection to the database broke", error));
const publisher = await RabbitPublisher.connect(url, "stock");
const consumer = new RabbitConsumer(url, pool, reserve, { queue: "stock.orders", topics: ["order.placed"] });
try {
  await Promise.all([new Relay(pool, publisher).run(stop), consumer.run(stop)]);
} finally {
  await publisher.close();
  await pool.end();
}
