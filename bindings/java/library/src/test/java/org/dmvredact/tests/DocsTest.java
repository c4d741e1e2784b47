package org.dmvredact.tests;

import static org.dmvredact.tests.Fixtures.MESSAGE;
import static org.dmvredact.tests.Fixtures.ROOT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.dmvredact.BufferTooSmallException;
import org.dmvredact.ConfigurationException;
import org.dmvredact.DisclosureLog;
import org.dmvredact.Receipt;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/java.md shows is compiled and runs: it is here, or in the examples. */
class DocsTest {
    private final List<byte[]> forwarded = new ArrayList<>();

    private void forward(ByteBuffer output) {
        byte[] copy = new byte[output.remaining()];
        output.get(copy);
        forwarded.add(copy);
    }

    @Test
    void moreOfIt(@TempDir Path folder) throws ConfigurationException, IOException {
        Path newPolicy = ROOT.resolve("policies/massachusetts.toml");
        ByteBuffer response = Fixtures.direct(MESSAGE);
        Request request = Fixtures.police();
        try (RedactionFilter filter = Fixtures.baseline();
                DisclosureLog log = DisclosureLog.open(folder.resolve("log"), filter)) {
            filter.check(request); // once for each kind of request, at start

            filter.swap(RedactionFilter.builder().policy(newPolicy), log);

            ByteBuffer output = ByteBuffer.allocateDirect(1 << 16); // one for each thread, reused
            try (Redaction redaction = filter.redact(response, request, output.clear())) {
                log.append("line 1", redaction);
                if (redaction.written() > 0) {
                    forward(output.flip());
                }
                Receipt receipt = redaction.receipt();
                System.out.println(receipt.disposition() + " for " + receipt.requester().orElse("nobody"));
            } catch (BufferTooSmallException error) {
                output = ByteBuffer.allocateDirect((int) error.needed()); // and redact it again
            }
            assertEquals(1, forwarded.size());
            assertTrue(output.capacity() > 0);
        }
    }

    private static String stripped(String text) {
        return text.lines().map(String::strip).filter(line -> !line.isEmpty()).collect(Collectors.joining("\n"));
    }

    private static List<String> blocks(String page, String language) {
        List<String> blocks = new ArrayList<>();
        for (String part : page.split("\n```" + language + "\n")) {
            blocks.add(part.split("\n```")[0]);
        }
        return blocks.subList(1, blocks.size());
    }

    @Test
    void eachBlockIsInASource() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/java.md"));
        StringBuilder sources = new StringBuilder();
        try (Stream<Path> files = Files.walk(ROOT.resolve("bindings/java"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".java")).toList()) {
                sources.append(stripped(Files.readString(file))).append('\n');
            }
        }
        List<String> shown = blocks(page, "java");
        assertTrue(shown.size() >= 5, "only " + shown.size());
        for (String block : shown) {
            assertTrue(sources.indexOf(stripped(block)) >= 0, () -> "no source has\n" + block);
        }
        String pom = stripped(Files.readString(ROOT.resolve("bindings/java/library/pom.xml")));
        for (String block : blocks(page, "xml")) {
            for (String line : block.lines().map(String::strip).filter(line -> line.contains("</")).toList()) {
                assertTrue(line.equals("</dependency>") || pom.contains(line), line);
            }
        }
    }
}
