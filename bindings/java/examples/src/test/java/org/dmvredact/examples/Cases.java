package org.dmvredact.examples;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.dmvredact.RedactionFilter;

/** What the examples are tested with. */
final class Cases {
    static final Path ROOT = Path.of(System.getProperty("repository"));

    /** A folder for files that the script looks at afterwards. */
    static final Path WORK = Path.of(System.getProperty("work"));

    /** A value that the requester may have. */
    static final String RELEASED = "JORDAN";

    /** One that it may not. */
    static final String REMOVED = "900-12-3456";

    /** A policy that can't be read, and one that permits nothing. */
    static final RedactionFilter.Builder BROKEN = policy("broken.toml", "[broken");

    static final RedactionFilter.Builder NOTHING = policy(
            "nothing.toml",
            """
            [policy]
            name = "nothing"
            version = "1"
            purposes = ["C"]
            [agencies.all]
            ori = ["*"]
            """);

    private Cases() {}

    private static RedactionFilter.Builder policy(String name, String text) {
        return RedactionFilter.builder().policy(name, text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] response() throws IOException {
        return Files.readAllBytes(ROOT.resolve("fixtures/dr-in-state-police/message.xml"));
    }

    static byte[] brokenResponse() throws IOException {
        byte[] whole = response();
        return Arrays.copyOf(whole, whole.length - 20);
    }

    /** A file for the log that isn't there yet. */
    static Path newLog(String name) throws IOException {
        Path at = WORK.resolve(name);
        Files.deleteIfExists(at);
        return at;
    }

    static boolean hasNothingOfTheMessage(byte[] body) {
        return body == null || body.length == 0;
    }

    static boolean isRedacted(byte[] body) {
        String out = new String(body, StandardCharsets.UTF_8);
        return out.contains(RELEASED) && !out.contains(REMOVED);
    }

    /** How large a file this process can write: {@code unlimited}, or bytes. */
    static void limitFiles(String bytes) throws IOException, InterruptedException {
        String process = Long.toString(ProcessHandle.current().pid());
        if (new ProcessBuilder("prlimit", "--pid", process, "--fsize=" + bytes + ":").start().waitFor() != 0) {
            throw new IOException("prlimit failed");
        }
    }
}
