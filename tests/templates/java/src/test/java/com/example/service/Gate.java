package com.example.service;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;

/** A way to the broker that can be shut: what is sent then is swallowed, and no answer comes. */
final class Gate implements AutoCloseable {

    volatile boolean shut;
    final String url;
    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

    Gate() throws IOException {
        URI broker = URI.create(System.getenv("RABBITMQ_URL"));
        url = "amqp://guest:guest@127.0.0.1:" + listener.getLocalPort() + "/";
        start(() -> {
            while (true) {
                Socket here = listener.accept();
                Socket there = new Socket(broker.getHost(), broker.getPort());
                start(() -> pump(here, there));
                start(() -> pump(there, here));
            }
        });
    }

    private void pump(Socket from, Socket to) throws IOException {
        try (from; to; InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            byte[] buffer = new byte[65536];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (!shut) {
                    out.write(buffer, 0, n);
                }
            }
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException end) {
                // The other side has gone.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
