package org.dmvredact.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.dmvredact.ConfigurationException;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What one message costs from Java. {@code bench/measure} runs the same in Rust beside it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RedactBench {
    /** Empty is the cost of the call itself: it is withheld at once. */
    @Param({"", "dr-in-state-police/message.xml", "niem-json-dr-in-state-police/message.json"})
    public String fixture;

    private RedactionFilter filter;
    private Request request;
    private byte[] message;
    private ByteBuffer direct;
    private ByteBuffer output;

    @Setup
    public void prepare() throws ConfigurationException, IOException {
        filter = RedactionFilter.builder().build();
        request = Request.builder().requester("AZ0070000").purpose("C").build();
        message = fixture.isEmpty() ? new byte[0] : Files.readAllBytes(Path.of(System.getProperty("fixtures"), fixture));
        direct = ByteBuffer.allocateDirect(message.length).put(message).flip();
        output = ByteBuffer.allocateDirect(1 << 20);
    }

    @TearDown
    public void close() {
        filter.close();
    }

    @Benchmark
    public int array() {
        try (Redaction redaction = filter.redact(message, request)) {
            return redaction.written();
        }
    }

    @Benchmark
    public int directToDirect() {
        try (Redaction redaction = filter.redact(direct, request, output.clear())) {
            return redaction.written();
        }
    }

    @Benchmark
    public int arrayWithJson() {
        try (Redaction redaction = filter.redact(message, request)) {
            return redaction.receipt().toJson().length();
        }
    }

    /** As a switch does: a request of its own for each message. */
    @Benchmark
    public int arrayWithRequest() {
        Request own = Request.builder().requester("AZ0070000").purpose("C").correlationId("7f3a-0042").build();
        try (Redaction redaction = filter.redact(message, own)) {
            return redaction.written();
        }
    }
}
