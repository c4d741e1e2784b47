package org.dmvredact.tests;

import static org.dmvredact.tests.Fixtures.MESSAGE;
import static org.dmvredact.tests.Fixtures.police;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.dmvredact.ConfigurationException;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.junit.jupiter.api.Test;

/** One filter, many threads: its policy is swapped meanwhile, it is closed meanwhile, and a thread has little stack. */
class ThreadsTest {
    private static final int THREADS = 8;
    private static final int SWAPS = Integer.getInteger("swaps");

    /** The output, then the receipt. */
    private static String outcome(RedactionFilter filter, ByteBuffer message) {
        try (Redaction redaction = filter.redact(message, police())) {
            return new String(redaction.output().orElseThrow(), StandardCharsets.UTF_8) + redaction.receipt().toJson();
        }
    }

    private static String outcomeOf(String policy) throws ConfigurationException {
        try (RedactionFilter filter = Fixtures.policy(policy).build()) {
            return outcome(filter, ByteBuffer.wrap(MESSAGE));
        }
    }

    private static <T> List<Future<T>> start(ExecutorService threads, Callable<T> work) {
        List<Future<T>> all = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            all.add(threads.submit(work));
        }
        return all;
    }

    @Test
    void eachMessageIsDecidedByOnePolicy() throws Exception {
        String[] names = {"massachusetts.toml", "example-state.toml"};
        String first = outcomeOf(names[0]);
        String second = outcomeOf(names[1]);
        assertNotEquals(first, second);
        AtomicLong firsts = new AtomicLong();
        AtomicLong seconds = new AtomicLong();
        AtomicBoolean isOver = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (RedactionFilter filter = Fixtures.policy(names[0]).build()) {
            List<Future<Void>> all = start(threads, () -> {
                ByteBuffer direct = Fixtures.direct(MESSAGE);
                ByteBuffer heap = ByteBuffer.wrap(MESSAGE);
                do {
                    for (ByteBuffer message : List.of(direct, heap)) {
                        String outcome = outcome(filter, message);
                        assertTrue(outcome.equals(first) || outcome.equals(second), outcome);
                        (outcome.equals(first) ? firsts : seconds).incrementAndGet();
                    }
                    // The thread that swaps needs a processor too.
                    Thread.sleep(1);
                } while (!isOver.get());
                return null;
            });
            RedactionFilter.Builder broken = RedactionFilter.builder().policy("broken", new byte[] {'?'});
            for (int i = 1; i <= SWAPS; i++) {
                filter.swap(Fixtures.policy(names[i % 2]));
                assertThrows(ConfigurationException.class, () -> filter.swap(broken));
            }
            isOver.set(true);
            for (Future<Void> one : all) {
                one.get();
            }
        }
        threads.shutdown();
        assertTrue(firsts.get() > 0 && seconds.get() > 0, firsts + " by one, " + seconds + " by the other");
        System.out.println("threads: " + SWAPS + " swaps, " + firsts + " messages by one policy, " + seconds + " by the other");
    }

    @Test
    void aFilterThatClosesMeanwhileIsClosed() throws Exception {
        String expected = outcomeOf("massachusetts.toml");
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        for (int round = 0; round < 5; round++) {
            RedactionFilter filter = Fixtures.policy("massachusetts.toml").build();
            List<Future<Integer>> all = start(threads, () -> {
                for (int count = 0; ; count++) {
                    try {
                        assertEquals(expected, outcome(filter, ByteBuffer.wrap(MESSAGE)));
                    } catch (IllegalStateException closed) {
                        return count;
                    }
                }
            });
            Thread.sleep(20);
            filter.close();
            for (Future<Integer> one : all) {
                one.get();
            }
        }
        threads.shutdown();
    }

    /** The message changes while it is read: what goes out is of one state of it, or nothing goes out. */
    @Test
    void aMessageThatChangesMeanwhileHarmsNothing() throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        ByteBuffer message = ByteBuffer.allocateDirect(MESSAGE.length).put(MESSAGE).flip();
        Thread changes = new Thread(() -> {
            while (!isOver.get()) {
                for (int i = 0; i < MESSAGE.length; i++) {
                    message.put(i, (byte) (MESSAGE[i] ^ (i % 7 == 0 ? 1 : 0)));
                }
                message.put(0, MESSAGE);
            }
        });
        changes.start();
        try (RedactionFilter filter = Fixtures.baseline()) {
            for (int i = 0; i < 2000; i++) {
                try (Redaction redaction = filter.redact(message.duplicate(), police())) {
                    assertEquals(redaction.receipt().disposition().releases(), redaction.output().isPresent());
                }
            }
        }
        isOver.set(true);
        changes.join();
    }

    @Test
    void aThreadWithLittleStackIsEnough() throws InterruptedException, ExecutionException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicReference<String> outcome = new AtomicReference<>();
        Thread thread = new Thread(
                null,
                () -> {
                    try (RedactionFilter filter = Fixtures.policy("massachusetts.toml").build()) {
                        outcome.set(outcome(filter, Fixtures.direct(MESSAGE)));
                    } catch (Throwable error) {
                        failure.set(error);
                    }
                },
                "little stack",
                128 * 1024);
        thread.start();
        thread.join();
        assertNull(failure.get());
        assertTrue(outcome.get().contains("JORDAN"));
    }
}
