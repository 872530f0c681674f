//! What a NestJS consumer does through the command bus and the event bus.

use super::support::told::told;

const CONSUMER: &str = "import { Injectable, OnModuleInit } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Kafka } from 'kafkajs';
import { TakeStock } from './take-stock.command';

@Injectable()
export class OrdersConsumer implements OnModuleInit {
  private readonly consumer = new Kafka({ brokers: ['kafka:9092'] }).consumer({ groupId: 'stock' });

  constructor(private readonly commandBus: CommandBus) {}

  async onModuleInit() {
    await this.consumer.subscribe({ topic: 'orders' });
    await this.consumer.run({
      eachMessage: async ({ message }) => {
        const order = JSON.parse(message.value.toString());
        await this.commandBus.execute(new TakeStock(order.id, order.sku));
      },
    });
  }
}
";

const COMMAND: &str =
    "export class TakeStock { constructor(public readonly orderId: string, public readonly sku: string) {} }\n";

/// What is said of the consumer when the handler of its command does this.
fn with_handler(body: &str) -> Vec<String> {
    let handler = format!(
        "import {{ CommandHandler, ICommandHandler }} from '@nestjs/cqrs';
import {{ InjectRepository }} from '@nestjs/typeorm';
import {{ Repository }} from 'typeorm';
import {{ TakeStock }} from './take-stock.command';
import {{ Taking }} from './taking.entity';

@CommandHandler(TakeStock)
export class TakeStockHandler implements ICommandHandler<TakeStock> {{
  constructor(@InjectRepository(Taking) private readonly takings: Repository<Taking>) {{}}

  async execute(command: TakeStock) {{
    {body}
  }}
}}
"
    );
    let entity = "import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';\n@Entity()\nexport class Taking { @PrimaryGeneratedColumn() id: number; @Column() orderId: string; @Column() sku: string; }\n";
    let files = [
        ("src/orders.consumer.ts", CONSUMER),
        ("src/take-stock.command.ts", COMMAND),
        ("src/take-stock.handler.ts", &handler),
        ("src/taking.entity.ts", entity),
    ];
    told(&files, |finding| finding.rule == "message-queue/non-idempotent-consumer").1
}

#[test]
fn the_handler_of_a_command_decides_whether_a_consumer_is_idempotent() {
    let row = "await this.takings.save(this.takings.create({ orderId: command.orderId, sku: command.sku }));";
    assert_eq!(with_handler(row), ["non-idempotent-consumer orders.consumer.ts:14"]);
    let known = "const known = await this.takings.findOneBy({ orderId: command.orderId });\n    if (known) return;\n";
    assert!(with_handler(&format!("{known}    {row}")).is_empty());
}
