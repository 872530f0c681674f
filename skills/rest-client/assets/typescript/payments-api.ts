/**
 * Types of the payments service, from openapi/payments.yaml 1.4.0.
 * Made with `typed-openapi openapi/payments.yaml --runtime zod`. Do not edit: change the contract.
 */
import { z } from "zod";

export const NewPayment = z.object({
  order_id: z.string(),
  amount_minor: z.int().min(1),
  currency: z.string().regex(/^[A-Z]{3}$/),
});
export type NewPayment = z.infer<typeof NewPayment>;

export const Payment = z.object({
  id: z.string(),
  order_id: z.string(),
  amount_minor: z.int(),
  currency: z.string(),
  status: z.enum(["pending", "captured", "refused"]),
});
export type Payment = z.infer<typeof Payment>;
