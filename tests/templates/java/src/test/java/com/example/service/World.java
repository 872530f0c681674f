package com.example.service;

import static org.junit.jupiter.api.Assertions.fail;

import com.example.service.messaging.ConfirmedPublisher;
import com.example.service.messaging.OutgoingMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.springframework.amqp.core.Declarables;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** Names and a database of its own for each test. */
final class World implements AutoCloseable {

    final String name = "t-" + UUID.randomUUID().toString().substring(0, 12);
    final JdbcTemplate database;
    final RabbitAdmin admin;
    final RabbitTemplate rabbit;
    private final JdbcTemplate server;
    private final String jdbc;
    private final List<Worker> workers = new ArrayList<>();
    private final CachingConnectionFactory connections;
    private final SingleConnectionDataSource connection;
    private final SingleConnectionDataSource serverConnection;

    World() throws IOException {
        // postgresql://test@127.0.0.1:5432/postgres
        String url = System.getenv("POSTGRES_URL").replaceFirst("postgresql://(\\w+)@", "jdbc:postgresql://");
        serverConnection = new SingleConnectionDataSource(url + "?sslmode=disable", "test", "", true);
        server = new JdbcTemplate(serverConnection);
        server.execute("CREATE DATABASE \"" + name + "\"");
        jdbc = url.replaceFirst("/[^/]*$", "/" + name);
        connection = new SingleConnectionDataSource(jdbc + "?sslmode=disable", "test", "", true);
        database = new JdbcTemplate(connection);
        for (String script : System.getenv("TEMPLATE_SQL").split(":")) {
            database.execute(Files.readString(Path.of(script)));
        }
        database.execute("CREATE TABLE effects (n int, attempt int)");
        connections = connect(System.getenv("RABBITMQ_URL"));
        rabbit = template(connections);
        admin = new RabbitAdmin(connections);
    }

    static CachingConnectionFactory connect(String url) {
        CachingConnectionFactory factory = new CachingConnectionFactory();
        factory.setUri(url.replaceFirst("/$", "/%2f"));
        factory.setPublisherConfirmType(CachingConnectionFactory.ConfirmType.CORRELATED);
        factory.setPublisherReturns(true);
        return factory;
    }

    static RabbitTemplate template(CachingConnectionFactory connections) {
        RabbitTemplate template = new RabbitTemplate(connections);
        template.setMandatory(true);
        return template;
    }

    ConfirmedPublisher publisher() {
        return new ConfirmedPublisher(rabbit, "events", "tests", Duration.ofSeconds(5));
    }

    OutgoingMessage message(int n, String what) {
        byte[] body = ("{\"n\": " + n + ", \"do\": \"" + what + "\"}").getBytes(StandardCharsets.UTF_8);
        return OutgoingMessage.of(name, String.valueOf(n), "test.done", body);
    }

    void declare(Declarables topology) {
        topology.getDeclarablesByType(org.springframework.amqp.core.Exchange.class).forEach(admin::declareExchange);
        topology.getDeclarablesByType(org.springframework.amqp.core.Queue.class).forEach(admin::declareQueue);
        topology.getDeclarablesByType(org.springframework.amqp.core.Binding.class).forEach(admin::declareBinding);
    }

    /** How many messages wait in a queue; -1 when there is none. */
    int depth(String queue) {
        Properties found = admin.getQueueProperties(queue);
        return found == null ? -1 : ((Number) found.get(RabbitAdmin.QUEUE_MESSAGE_COUNT)).intValue();
    }

    List<Integer> effects() {
        return database.queryForList("SELECT n FROM effects ORDER BY n", Integer.class);
    }

    void expectEffects(Worker worker, Integer... wanted) throws Exception {
        worker.eventually("effects " + List.of(wanted), () -> effects().equals(List.of(wanted)));
    }

    Worker worker() throws Exception {
        return worker(System.getenv("RABBITMQ_URL"), Path.of("/nowhere"));
    }

    Worker worker(String broker, Path mark) throws Exception {
        String classes = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", classes, TestWorker.class.getName(),
                "--test.name=" + name, "--spring.datasource.username=test", "--spring.main.banner-mode=off",
                "--spring.rabbitmq.listener.simple.concurrency=2");
        builder.environment().put("DATABASE_URL", jdbc);
        builder.environment().put("RABBITMQ_URL", broker);
        builder.environment().put("MARK", mark.toString());
        Worker worker = new Worker(builder.redirectErrorStream(true).start());
        workers.add(worker);
        worker.eventually("the consumer", () -> {
            Properties found = admin.getQueueProperties(name);
            return !worker.process.isAlive() || found != null && ((Number) found.get(RabbitAdmin.QUEUE_CONSUMER_COUNT)).intValue() > 0;
        });
        return worker;
    }

    @Override
    public void close() {
        workers.forEach(worker -> worker.process.destroyForcibly());
        connections.destroy();
        connection.destroy();
        server.execute("DROP DATABASE \"" + name + "\" WITH (FORCE)");
        serverConnection.destroy();
    }

    /** A consumer in a process of its own. */
    static final class Worker {
        final Process process;
        private final StringBuffer said = new StringBuffer();

        Worker(Process process) {
            this.process = process;
            Thread reader = new Thread(() -> {
                try (BufferedReader lines = process.inputReader()) {
                    lines.lines().forEach(line -> said.append(line).append('\n'));
                }
                catch (IOException | java.io.UncheckedIOException end) {
                    said.append(end);
                }
            });
            reader.setDaemon(true);
            reader.start();
        }

        String text() {
            return said.toString();
        }

        int end() throws Exception {
            eventually("the end", () -> !process.isAlive());
            return process.exitValue();
        }

        /** By SIGTERM. */
        int terminate() throws Exception {
            process.destroy();
            return end();
        }

        void eventually(String what, Callable<Boolean> holds) throws Exception {
            long until = System.nanoTime() + Duration.ofMinutes(2).toNanos();
            while (!holds.call()) {
                if (System.nanoTime() > until) {
                    fail(what + " did not come: " + text());
                }
                Thread.sleep(50);
            }
        }
    }
}
