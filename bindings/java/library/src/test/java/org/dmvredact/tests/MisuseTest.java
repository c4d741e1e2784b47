package org.dmvredact.tests;

import static org.dmvredact.tests.Fixtures.MESSAGE;
import static org.dmvredact.tests.Fixtures.police;
import static org.dmvredact.tests.Fixtures.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.dmvredact.BufferTooSmallException;
import org.dmvredact.ConfigurationException;
import org.dmvredact.DisclosureLog;
import org.dmvredact.Disposition;
import org.dmvredact.LogOptions;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a caller can do wrong is an exception, writes nothing, and never takes the process down. */
class MisuseTest {
    private RedactionFilter filter;

    @BeforeEach
    void make() throws ConfigurationException {
        filter = Fixtures.baseline();
    }

    @AfterEach
    void close() {
        filter.close();
    }

    @Test
    void jniIsChecked() {
        assertNull(System.getProperty("org.dmvredact.library"), "the library of the jar is tested");
        assertTrue(ManagementFactory.getRuntimeMXBean().getInputArguments().contains("-Xcheck:jni"));
    }

    private static void isNull(org.junit.jupiter.api.function.Executable call) {
        assertThrows(NullPointerException.class, call);
    }

    @Test
    void nullIsNoArgument(@TempDir Path folder) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(10);
        isNull(() -> filter.redact((byte[]) null, police()));
        isNull(() -> filter.redact((ByteBuffer) null, police()));
        isNull(() -> filter.redact(MESSAGE, null));
        isNull(() -> filter.redact(MESSAGE, police(), null));
        isNull(() -> filter.redact((byte[]) null, police(), buffer));
        isNull(() -> filter.redact(MESSAGE, null, buffer));
        isNull(() -> filter.check(null));
        isNull(() -> filter.swap(null));
        isNull(() -> filter.swap(RedactionFilter.builder(), null));
        isNull(() -> RedactionFilter.builder().policy(null));
        isNull(() -> RedactionFilter.builder().policy(null, MESSAGE));
        isNull(() -> RedactionFilter.builder().policy("name", null));
        isNull(() -> RedactionFilter.builder().tokenKey((byte[]) null));
        isNull(() -> RedactionFilter.builder().onlyFormat(null));
        isNull(() -> RedactionFilter.builder().limit(null, 1));
        isNull(() -> Request.builder().requester(null));
        isNull(() -> DisclosureLog.open(null, filter));
        isNull(() -> DisclosureLog.open(folder.resolve("log"), null));
        isNull(() -> DisclosureLog.open(folder.resolve("log"), filter, null));
        isNull(() -> new LogOptions().service(null));
        try (DisclosureLog log = DisclosureLog.open(folder.resolve("log"), filter)) {
            isNull(() -> log.append("line 1", null));
        }
    }

    private static void isRefused(org.junit.jupiter.api.function.Executable call) {
        assertThrows(IllegalArgumentException.class, call);
    }

    /** What a plain query doesn't state is null where it comes from. */
    @Test
    void nullStatesNothing() {
        Request.Builder builder = Request.builder().requester("AZ0070000").purpose("C").date(LocalDate.of(2026, 12, 2));
        builder.purpose(null).reason(null).line(null).user(null).recordState(null).claim(null).instrument(null);
        builder.date(null).correlationId(null).controlNumber(null).approvedBy(null);
        assertEquals(Disposition.REDACTED, filter.redact(MESSAGE, builder.build()).receipt().disposition());
    }

    /** Neither takes the other's place: the policy of another day may permit more. */
    @Test
    void aSecondValueIsRefused() {
        Request.Builder same = Request.builder().date(LocalDate.of(2026, 12, 2)).date(LocalDate.of(2026, 12, 2));
        same.correlationId("a-1").correlationId("a-1").controlNumber("17").controlNumber("17").build();
        isRefused(() -> Request.builder().date(LocalDate.of(2026, 12, 2)).date(LocalDate.of(2024, 1, 1)).build());
        isRefused(() -> Request.builder().correlationId("a-1").correlationId("a-2").build());
        isRefused(() -> Request.builder().controlNumber("17").controlNumber("18").build());
        isRefused(() -> Request.builder().requester("AZ0070000").requester("NV0010000").build());
    }

    /** What was refused is nowhere in it. */
    @Test
    void aBuilderThatRefusedAValueGoesOn() throws ConfigurationException {
        Request.Builder request = Request.builder();
        isNull(() -> request.requester(null));
        isRefused(() -> request.approvedBy("\ud800"));
        Request built = request.requester("AZ0070000").purpose("C").build();
        assertEquals(Disposition.REDACTED, filter.redact(MESSAGE, built).receipt().disposition());
        RedactionFilter.Builder parts = RedactionFilter.builder();
        isRefused(() -> parts.onlyFormat("\ud800"));
        parts.build().close();
    }

    @Test
    void whatIsClosedStaysClosed(@TempDir Path folder) throws IOException {
        Redaction redaction = filter.redact(MESSAGE, police());
        DisclosureLog log = DisclosureLog.open(folder.resolve("log"), filter);
        redaction.close();
        assertThrows(IllegalStateException.class, () -> log.append("line 1", redaction));
        assertTrue(redaction.output().isEmpty());
        log.close();
        log.close();
        Redaction other = filter.redact(MESSAGE, police());
        assertThrows(IllegalStateException.class, () -> log.append("line 1", other));
        assertTrue(other.output().isEmpty());
        assertThrows(IllegalStateException.class, log::end);
        assertThrows(IllegalStateException.class, () -> filter.swap(RedactionFilter.builder(), log));
        filter.close();
        filter.close();
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
        assertThrows(IllegalStateException.class, () -> filter.redact(MESSAGE, police()));
        assertThrows(IllegalStateException.class, () -> filter.redact(Fixtures.direct(MESSAGE), police()));
        assertThrows(IllegalStateException.class, () -> filter.redact(MESSAGE, police(), buffer));
        assertThrows(IllegalStateException.class, () -> filter.check(police()));
        assertThrows(IllegalStateException.class, () -> filter.swap(RedactionFilter.builder()));
        assertThrows(IllegalStateException.class, () -> DisclosureLog.open(folder.resolve("other"), filter));
        assertEquals(0, buffer.position());
    }

    @Test
    void anOutputBufferHasWhatGoesOutOrNothing() {
        int length;
        try (Redaction redaction = filter.redact(MESSAGE, police())) {
            length = redaction.output().orElseThrow().length;
        }
        for (int room : new int[] {0, 1, length - 1}) {
            ByteBuffer buffer = filled(length + 100);
            buffer.position(50).limit(50 + room);
            BufferTooSmallException error = assertThrows(
                    BufferTooSmallException.class, () -> filter.redact(MESSAGE, police(), buffer));
            assertEquals(length, error.needed());
            untouched(buffer, 50);
        }
        ByteBuffer exact = filled(length + 100);
        exact.position(50).limit(50 + length);
        filter.redact(MESSAGE, police(), exact).close();
        assertEquals(0, exact.remaining());
        exact.clear();
        for (int i = 0; i < exact.capacity(); i++) {
            assertEquals(i < 50 || i >= 50 + length, exact.get(i) == (byte) 0xA5, "byte " + i);
        }

        // Withheld: nothing is written, though there is room.
        ByteBuffer untouched = filled(1 << 16);
        try (Redaction redaction = filter.redact(utf8("<a>"), police(), untouched)) {
            assertEquals(0, redaction.written());
        }
        untouched(untouched, 0);

        assertThrows(
                IllegalArgumentException.class, () -> filter.redact(MESSAGE, police(), ByteBuffer.allocate(1 << 16)));
        assertThrows(
                ReadOnlyBufferException.class,
                () -> filter.redact(MESSAGE, police(), ByteBuffer.allocateDirect(1 << 16).asReadOnlyBuffer()));
    }

    private static ByteBuffer filled(int capacity) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(capacity);
        while (buffer.hasRemaining()) {
            buffer.put((byte) 0xA5);
        }
        return buffer.clear();
    }

    private static void untouched(ByteBuffer buffer, int position) {
        assertEquals(position, buffer.position());
        buffer.clear();
        while (buffer.hasRemaining()) {
            assertEquals((byte) 0xA5, buffer.get());
        }
    }

    @Test
    void everyKindOfBufferIsRead() {
        byte[] expected;
        try (Redaction redaction = filter.redact(MESSAGE, police())) {
            expected = redaction.output().orElseThrow();
        }
        byte[] around = new byte[MESSAGE.length + 20];
        System.arraycopy(MESSAGE, 0, around, 13, MESSAGE.length);
        ByteBuffer heap = ByteBuffer.wrap(around, 13, MESSAGE.length);
        ByteBuffer direct = Fixtures.direct(MESSAGE);
        for (ByteBuffer buffer : new ByteBuffer[] {
            heap, heap.slice(), heap.asReadOnlyBuffer(), direct, direct.slice(), direct.asReadOnlyBuffer()
        }) {
            int position = buffer.position();
            try (Redaction redaction = filter.redact(buffer, police())) {
                assertTrue(Arrays.equals(expected, redaction.output().orElseThrow()), buffer.toString());
            }
            assertEquals(position, buffer.position());
        }

        // The output over the message.
        ByteBuffer own = ByteBuffer.allocateDirect(MESSAGE.length * 2).put(MESSAGE).flip();
        ByteBuffer over = own.duplicate().clear();
        try (Redaction redaction = filter.redact(own, police(), over)) {
            byte[] written = new byte[redaction.written()];
            over.get(0, written);
            assertTrue(Arrays.equals(expected, written));
        }
    }

    @Test
    void anEmptyAndAHugeMessageAreWithheld() {
        for (ByteBuffer message : new ByteBuffer[] {
            ByteBuffer.allocate(0), ByteBuffer.allocateDirect(0), ByteBuffer.allocate(100 << 20), ByteBuffer.allocateDirect(100 << 20)
        }) {
            try (Redaction redaction = filter.redact(message, police())) {
                assertEquals(Disposition.WITHHELD, redaction.receipt().disposition());
                assertTrue(redaction.output().isEmpty());
                assertEquals(message.capacity(), redaction.receipt().bytesIn());
            }
        }
    }

    @Test
    void aRequestIsChecked() {
        assertThrows(IllegalArgumentException.class, () -> Request.builder().requester("nobody").build());
        assertThrows(
                IllegalArgumentException.class,
                () -> Request.builder().requester("AZ0070000").requester("VTICE0900").build());
        assertThrows(IllegalArgumentException.class, () -> Request.builder().correlationId("a b").build());
        assertThrows(IllegalArgumentException.class, () -> Request.builder().instrument("none").build());
        assertThrows(IllegalArgumentException.class, () -> Request.builder().purpose("\uD800").build());
        Request undeclared = Request.builder().requester("AZ0070000").purpose("c").build();
        Exception error = assertThrows(IllegalArgumentException.class, () -> filter.check(undeclared));
        assertTrue(error.getMessage().contains("C"), error.getMessage());
        filter.check(police());
        try (Redaction redaction = filter.redact(MESSAGE, undeclared)) {
            assertEquals(Disposition.WITHHELD, redaction.receipt().disposition());
        }
        Request twice = Request.builder().requester("AZ0070000").purpose("C").purpose("F").build();
        try (Redaction redaction = filter.redact(MESSAGE, twice)) {
            assertEquals(Disposition.WITHHELD, redaction.receipt().disposition());
        }
        assertEquals("Request", Request.builder().user("CANARY").build().toString());
    }

    @Test
    void aBrokenConfigurationSaysWhere() {
        byte[] policy = utf8("[policy]\nname = 'mine'\nversion = '1'\nporpose = 3\n\n[[permit]]\nid = 'a'\nelement = ['x']\n");
        ConfigurationException error = assertThrows(
                ConfigurationException.class,
                () -> RedactionFilter.builder().policy("mine.toml", policy).build());
        assertEquals("mine.toml", error.file());
        assertEquals(4, error.line());
        assertEquals(1, error.column());
        assertNotNull(error.help());
        assertTrue(error.problems().size() > 1, error.getMessage());
        assertTrue(error.getMessage().startsWith("mine.toml:4:1: "), error.getMessage());
        assertTrue(error.getMessage().lines().findFirst().orElse("").endsWith("; " + error.help()), error.getMessage());
        ConfigurationException named = assertThrows(
                ConfigurationException.class,
                () -> RedactionFilter.builder().policy("a\nb\u001b", policy).build());
        assertTrue(named.getMessage().startsWith("a\\u{a}b\\u{1b}:4:1: "), named.getMessage());
        assertEquals("a\nb\u001b", named.file());
        List<String> lines = named.problems().stream().map(ConfigurationException.Problem::toString).toList();
        assertEquals(named.getMessage(), String.join("\n", lines));

        ConfigurationException missing = assertThrows(
                ConfigurationException.class,
                () -> RedactionFilter.builder().policy(Path.of("no/such/policy.toml")).build());
        assertEquals(Path.of("no/such/policy.toml").toAbsolutePath().toString(), missing.file());
        assertEquals(0, missing.line());

        for (RedactionFilter.Builder builder : new RedactionFilter.Builder[] {
            RedactionFilter.builder().limit("depth", -1),
            RedactionFilter.builder().limit("no-such", 1),
            RedactionFilter.builder().onlyFormat("no-such"),
            RedactionFilter.builder().tokenKey(new byte[3]),
            RedactionFilter.builder().roster("nobody.csv", new byte[0]),
            RedactionFilter.builder().include("nobody.toml", new byte[0]),
            RedactionFilter.builder().policy("p", new byte[] {(byte) 0xFF}),
            RedactionFilter.builder().catalog(Path.of("no-such.toml")),
            RedactionFilter.builder().formats(Path.of("no-such")),
        }) {
            assertThrows(ConfigurationException.class, builder::build);
            assertThrows(ConfigurationException.class, () -> filter.swap(builder));
        }
        // The one in use stays.
        try (Redaction redaction = filter.redact(MESSAGE, police())) {
            assertTrue(redaction.output().isPresent());
        }
    }

    @Test
    void aPathIsOneOfTheSystem(@TempDir Path folder) throws IOException {
        URI zip = URI.create("jar:" + folder.resolve("a.zip").toUri());
        try (FileSystem files = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> RedactionFilter.builder().policy(files.getPath("policy.toml")));
        }
    }
}
