package org.dmvredact.tests;

import static org.dmvredact.tests.Fixtures.ROOT;
import static org.dmvredact.tests.Fixtures.direct;
import static org.dmvredact.tests.Fixtures.read;
import static org.dmvredact.tests.Fixtures.sha256;
import static org.dmvredact.tests.Fixtures.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.dmvredact.ConfigurationException;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;
import org.junit.jupiter.api.Test;

/** The corpus that every binding comes to: tests/corpus/mod.rs says how to read it. */
class CorpusTest {
    private final Map<String, RedactionFilter> filters = new HashMap<>();
    private final Map<String, byte[]> messages = new HashMap<>();

    private static List<String> stated(String text) {
        return text.equals("-") ? List.of() : List.of(text.split(" "));
    }

    private RedactionFilter filter(String policy, String key) {
        return filters.computeIfAbsent(policy, path -> {
            RedactionFilter.Builder builder = RedactionFilter.builder();
            if (!path.equals("-")) {
                builder.policy(ROOT.resolve(path));
            }
            if (!key.equals("-")) {
                builder.tokenKey(utf8(key));
            }
            try {
                return builder.build();
            } catch (ConfigurationException error) {
                throw new AssertionError(error);
            }
        });
    }

    private static Request request(String[] fields) {
        Request.Builder builder = Request.builder();
        stated(fields[3]).forEach(builder::requester);
        stated(fields[4]).forEach(builder::purpose);
        stated(fields[5]).forEach(builder::claim);
        stated(fields[6]).forEach(builder::instrument);
        stated(fields[7]).forEach(date -> builder.date(LocalDate.parse(date)));
        return builder.build();
    }

    @Test
    void everyMessageComesToItsDigest() throws IOException {
        List<String> lines = Files.readAllLines(ROOT.resolve("fixtures/corpus.tsv"));
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
        int count = 0;
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split("\t");
            RedactionFilter filter = filter(fields[0], fields[1]);
            byte[] message = messages.computeIfAbsent(fields[2], Fixtures::read);
            Request request = request(fields);
            try (Redaction redaction = filter.redact(message, request)) {
                check(line, fields, redaction, redaction.output().orElse(new byte[0]));
                assertEquals(redaction.output().isPresent(), redaction.receipt().disposition().releases(), line);
            }
            ByteBuffer in = direct(message);
            try (Redaction redaction = filter.redact(in, request)) {
                check(line, fields, redaction, redaction.output().orElse(new byte[0]));
                assertEquals(7, in.position(), line);
            }
            buffer.clear().position(11);
            try (Redaction redaction = filter.redact(in, request, buffer)) {
                byte[] output = new byte[redaction.written()];
                buffer.get(11, output);
                check(line, fields, redaction, output);
                assertEquals(11 + output.length, buffer.position(), line);
                assertTrue(redaction.output().isEmpty(), line);
            }
            count++;
        }
        assertTrue(count > 1000, "only " + count + " lines");
        filters.values().forEach(RedactionFilter::close);
    }

    private static void check(String line, String[] fields, Redaction redaction, byte[] output) {
        assertEquals(fields[8], redaction.receipt().disposition().name().toLowerCase(Locale.ROOT), line);
        assertEquals(fields[9], sha256(output), line);
        assertEquals(fields[10], sha256(utf8(redaction.receipt().toJson())), line);
        assertEquals(output.length, redaction.receipt().bytesOut(), line);
    }

    @Test
    void whatComesFromBytesIsWhatComesFromFiles() throws ConfigurationException {
        byte[] policy = read("policies/example-state.toml");
        RedactionFilter.Builder bytes = RedactionFilter.builder().policy("policy.toml", policy);
        for (String line : new String(policy, java.nio.charset.StandardCharsets.UTF_8).split("\n")) {
            if (line.startsWith("ori-file")) {
                String name = line.split("\"")[1];
                bytes.roster(name, read("policies/" + name));
            }
        }
        try (RedactionFilter fromBytes = bytes.build();
                RedactionFilter fromFiles = Fixtures.policy("example-state.toml").build();
                Redaction one = fromBytes.redact(Fixtures.MESSAGE, Fixtures.police());
                Redaction other = fromFiles.redact(Fixtures.MESSAGE, Fixtures.police())) {
            assertEquals(other.receipt().toJson(), one.receipt().toJson());
        }
    }
}
