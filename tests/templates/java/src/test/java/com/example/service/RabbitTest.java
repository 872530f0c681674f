package com.example.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.service.World.Worker;
import com.example.service.messaging.ConfirmedPublisher;
import com.example.service.messaging.OutgoingMessage;
import com.example.service.messaging.PublishFailedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.amqp.core.BindingBuilder;
import org.springframework.amqp.core.Declarables;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.amqp.core.TopicExchange;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;

/** Publisher and consumer against a real RabbitMQ and a real PostgreSQL. */
@Timeout(600)
class RabbitTest {

    /** SIGTERM, after the shutdown hooks. */
    private static final int TERMINATED = 143;

    private World world;

    @BeforeEach
    void open() throws Exception {
        world = new World();
    }

    @AfterEach
    void close() {
        world.close();
    }

    private void bound(Queue queue) {
        TopicExchange events = new TopicExchange("events", true, false);
        world.declare(new Declarables(events, queue, BindingBuilder.bind(queue).to(events).with(world.name)));
    }

    @Test
    void anUnroutableMessageSurfaces() {
        world.declare(new Declarables(new TopicExchange("events", true, false)));
        assertThrows(PublishFailedException.class, () -> world.publisher().publish(world.message(1, "work")));
    }

    @Test
    void aRefusedMessageSurfaces() {
        bound(QueueBuilder.durable(world.name)
                .maxLength(0)
                .overflow(QueueBuilder.Overflow.rejectPublish)
                .build());
        assertThrows(PublishFailedException.class, () -> world.publisher().publish(world.message(1, "work")));
    }

    @Test
    void anUnconfirmedMessageSurfaces() throws Exception {
        bound(QueueBuilder.durable(world.name).build());
        try (Gate gate = new Gate()) {
            CachingConnectionFactory connections = World.connect(gate.url);
            ConfirmedPublisher publisher =
                    new ConfirmedPublisher(World.template(connections), "events", "tests", Duration.ofMillis(700));
            publisher.publish(world.message(1, "work"));
            gate.shut = true;
            var error = assertThrows(PublishFailedException.class, () -> publisher.publish(world.message(2, "work")));
            assertNotNull(error.getCause());
        }
    }

    @Test
    void whatIsPublishedIsPersistentAndDescribed() {
        bound(QueueBuilder.durable(world.name).build());
        OutgoingMessage sent = world.message(1, "work");
        world.publisher().publish(sent);
        Message got = world.rabbit.receive(world.name, 5000);
        var properties = got.getMessageProperties();
        assertEquals(MessageDeliveryMode.PERSISTENT, properties.getReceivedDeliveryMode());
        assertEquals(
                List.of(sent.id().toString(), "test.done", "tests", "application/json"),
                List.of(properties.getMessageId(), properties.getType(), properties.getAppId(), properties.getContentType()));
        assertNotNull(properties.getTimestamp());
    }

    @Test
    void theSameMessageTwiceHasOneEffectAndTheProcessDrains() throws Exception {
        Worker worker = world.worker();
        OutgoingMessage same = world.message(1, "work");
        for (int i = 0; i < 3; i++) {
            world.publisher().publish(same);
        }
        world.publisher().publish(world.message(2, "work"));
        world.expectEffects(worker, 1, 2);
        world.publisher().publish(world.message(3, "slow"));
        worker.eventually("the message", () -> worker.text().contains("begin 3 1"));
        assertEquals(TERMINATED, worker.terminate());
        assertEquals(List.of(1, 2, 3), world.effects());
        worker.eventually("an empty queue", () -> world.depth(world.name) == 0);
    }

    @Test
    void aCrashBetweenHandlingAndAcknowledgementHasOneEffect() throws Exception {
        try (Gate gate = new Gate()) {
            Worker first = world.worker(gate.url, Path.of("/nowhere"));
            world.publisher().publish(world.message(1, "slow"));
            first.eventually("the message", () -> first.text().contains("begin 1 1"));
            gate.shut = true;
            world.expectEffects(first, 1);
            first.process.destroyForcibly();
            first.end();
        }
        Worker second = world.worker();
        world.publisher().publish(world.message(2, "work"));
        world.expectEffects(second, 1, 2);
        second.eventually("the message again", () -> second.text().contains("handled before"));
        assertEquals(TERMINATED, second.terminate());
        assertEquals(List.of(1, 2), world.effects());
        second.eventually("an empty queue", () -> world.depth(world.name) == 0);
    }

    @Test
    void aCrashBeforeTheCommitLosesNothing(@TempDir Path folder) throws Exception {
        Path mark = folder.resolve("died");
        Worker first = world.worker(System.getenv("RABBITMQ_URL"), mark);
        world.publisher().publish(world.message(1, "die-before-commit"));
        assertEquals(9, first.end());
        assertEquals(List.of(), world.effects());
        Worker second = world.worker(System.getenv("RABBITMQ_URL"), mark);
        world.expectEffects(second, 1);
    }

    @Test
    void poisonAndWhatFailsGoToTheDeadLettersAndTheNextIsHandled() throws Exception {
        Worker worker = world.worker();
        byte[] broken = "\u00ff no json".getBytes(StandardCharsets.ISO_8859_1);
        world.publisher().publish(OutgoingMessage.of(world.name, "0", "test.done", broken));
        world.publisher().publish(world.message(1, "fail"));
        world.publisher().publish(world.message(2, "fail-once"));
        world.publisher().publish(world.message(3, "work"));
        world.expectEffects(worker, 2, 3);
        worker.eventually("dead letters", () -> world.depth(world.name + ".dead") == 2);
        for (int attempt = 1; attempt <= 3; attempt++) {
            assertTrue(worker.text().contains("begin 1 " + attempt + "\n"), worker.text());
        }
        assertTrue(!worker.text().contains("begin 1 4"), worker.text());
        assertTrue(worker.process.isAlive());
    }

    @Test
    void aMessageThatKillsTheProcessIsStopped() throws Exception {
        int killed = 0;
        Worker worker = world.worker();
        world.publisher().publish(world.message(1, "die"));
        while (world.depth(world.name + ".dead") != 1) {
            if (!worker.process.isAlive()) {
                killed++;
                assertTrue(killed < 10, "it kills every process");
                worker = world.worker();
            }
            Thread.sleep(200);
        }
        assertTrue(killed > 1, "killed " + killed + " times");
    }
}
