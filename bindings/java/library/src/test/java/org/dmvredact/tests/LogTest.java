package org.dmvredact.tests;

import static org.dmvredact.tests.Fixtures.MESSAGE;
import static org.dmvredact.tests.Fixtures.WORK;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.dmvredact.DisclosureLog;
import org.dmvredact.LogOptions;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nothing goes out that isn't on record. The script verifies {@code WORK/*.ndjson}. */
class LogTest {
    private static Redaction redact(RedactionFilter filter, int number) {
        Request request =
                Request.builder().requester("AZ0070000").purpose("C").correlationId("7f3a-" + number).build();
        return filter.redact(MESSAGE, request);
    }

    /** How large a file this process can write: {@code unlimited}, or bytes. */
    private static void limitFiles(String bytes) throws IOException, InterruptedException {
        String process = Long.toString(ProcessHandle.current().pid());
        int code = new ProcessBuilder("prlimit", "--pid", process, "--fsize=" + bytes + ":").inheritIO().start().waitFor();
        assertEquals(0, code);
    }

    private static void refused(Class<? extends Exception> by, DisclosureLog log, String source, Redaction redaction) {
        assertThrows(by, () -> log.append(source, redaction));
        assertTrue(redaction.output().isEmpty());
        assertEquals(0, redaction.written());
        assertThrows(IllegalStateException.class, redaction::receipt);
        // Once refused, always refused.
        assertThrows(IllegalStateException.class, () -> log.append("line 1", redaction));
        assertTrue(redaction.output().isEmpty());
        redaction.close();
    }

    @Test
    void nothingGoesOutWithoutARecord() throws Exception {
        Path at = WORK.resolve("disclosures.ndjson");
        Files.deleteIfExists(at);
        try (RedactionFilter filter = Fixtures.baseline()) {
            DisclosureLog log = DisclosureLog.open(at, filter, new LogOptions().service("switch-1"));
            int sent = 0;
            for (; sent < 50; sent++) {
                try (Redaction redaction = redact(filter, sent)) {
                    log.append("line 1", redaction);
                    assertTrue(redaction.output().isPresent());
                }
            }
            refused(NullPointerException.class, log, null, redact(filter, sent));
            refused(IllegalArgumentException.class, log, "\uD800", redact(filter, sent));

            // Another policy, on record.
            filter.swap(Fixtures.policy("massachusetts.toml"), log);
            for (; sent < 100; sent++) {
                try (Redaction redaction = redact(filter, sent)) {
                    log.append("line 1", "message-7", redaction);
                    assertTrue(redaction.output().isPresent());
                }
            }

            // The disk is full.
            limitFiles("4096");
            try {
                refused(IOException.class, log, "line 1", redact(filter, sent));
                assertThrows(IOException.class, () -> filter.swap(Fixtures.policy("example-state.toml"), log));
            } finally {
                limitFiles("unlimited");
            }
            refused(IOException.class, log, "line 1", redact(filter, sent));
            try (Redaction redaction = redact(filter, sent)) {
                assertEquals("massachusetts", redaction.receipt().policy().name());
            }
            assertThrows(IOException.class, log::close);

            try (DisclosureLog again = DisclosureLog.open(at, filter)) {
                try (Redaction redaction = redact(filter, sent)) {
                    again.append("line 1", redaction);
                    assertTrue(redaction.output().isPresent());
                }
                DisclosureLog.Head head = again.end();
                assertTrue(head.sequence() > 100, head.toString());
                assertEquals(64, head.hash().length());
                refused(IllegalStateException.class, again, "line 1", redact(filter, sent));
            }
        }
    }

    @Test
    void aBufferIsToBeDiscarded() throws Exception {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
        try (RedactionFilter filter = Fixtures.baseline()) {
            DisclosureLog log = DisclosureLog.open(Files.createTempDirectory(WORK, "log").resolve("log"), filter);
            log.close();
            Redaction redaction = filter.redact(MESSAGE, Fixtures.police(), buffer);
            assertTrue(redaction.written() > 0);
            refused(IllegalStateException.class, log, "line 1", redaction);
        }
    }

    @Test
    void threadsAppendToOneLog() throws Exception {
        Path at = WORK.resolve("threads.ndjson");
        Files.deleteIfExists(at);
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (RedactionFilter filter = Fixtures.baseline();
                DisclosureLog log = DisclosureLog.open(at, filter, new LogOptions().rotateDaily().rotateAfter(1 << 30))) {
            List<Future<Void>> all = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int first = thread * 100;
                all.add(threads.submit(() -> {
                    for (int number = first; number < first + 50; number++) {
                        try (Redaction redaction = redact(filter, number)) {
                            log.append("line 1", redaction);
                        }
                    }
                    return null;
                }));
            }
            for (Future<Void> one : all) {
                one.get();
            }
        }
        threads.shutdown();
    }

    @Test
    void aLogThatCannotBeOpenedIsNone(@TempDir Path folder) throws Exception {
        try (RedactionFilter filter = Fixtures.baseline()) {
            Path at = folder.resolve("log");
            assertThrows(IOException.class, () -> DisclosureLog.open(folder.resolve("no/such/log"), filter));
            assertThrows(IOException.class, () -> DisclosureLog.open(Path.of("/dev/full"), filter));
            LogOptions noKey = new LogOptions().key(folder.resolve("no-key"));
            assertThrows(IOException.class, () -> DisclosureLog.open(at, filter, noKey));
            assertThrows(IllegalArgumentException.class, () -> new LogOptions().rotateAfter(0));
            try (DisclosureLog log = DisclosureLog.open(at, filter, new LogOptions().dryRun())) {
                // One process writes it at a time.
                assertThrows(IOException.class, () -> DisclosureLog.open(at, filter));
                assertTrue(log.end().sequence() > 0);
            }
        }
    }
}
