import type { ZodType } from "zod";
import { Payment, type NewPayment } from "./payments-api.js";
import { ServiceClient, UpstreamContractError, UpstreamRejectedError } from "./service-client.js";

/** The payments service, as this service uses it. */
export class PaymentsClient {
  constructor(private readonly client: ServiceClient) {}

  /** `undefined` when there is no such payment. */
  async getPayment(paymentId: string): Promise<Payment | undefined> {
    try {
      return read(Payment, await this.client.request("GET", "/payments/{paymentId}", { path: { paymentId } }));
    } catch (error) {
      if (error instanceof UpstreamRejectedError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * The key belongs to the intent, for example the id of the order: the same for every try, also for one
   * after a restart. A new key for each call would charge twice.
   */
  async createPayment(payment: NewPayment, idempotencyKey: string): Promise<Payment> {
    return read(Payment, await this.client.request("POST", "/payments", { json: payment, idempotencyKey }));
  }
}

function read<T>(schema: ZodType<T>, body: string): T {
  try {
    return schema.parse(JSON.parse(body));
  } catch (error) {
    throw new UpstreamContractError("payments", "the answer is not what the contract says", { cause: error });
  }
}
