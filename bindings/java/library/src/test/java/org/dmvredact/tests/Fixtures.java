package org.dmvredact.tests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.dmvredact.ConfigurationException;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;

/** What the tests share. */
final class Fixtures {
    /** The top of the repository. */
    static final Path ROOT = Path.of(System.getProperty("repository"));

    /** A folder for files that the script looks at afterwards. */
    static final Path WORK = Path.of(System.getProperty("work"));

    static final byte[] MESSAGE = read("fixtures/dr-in-state-police/message.xml");

    private Fixtures() {}

    static byte[] read(String path) {
        try {
            return Files.readAllBytes(ROOT.resolve(path));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    static RedactionFilter baseline() throws ConfigurationException {
        return RedactionFilter.builder().build();
    }

    static RedactionFilter.Builder policy(String name) {
        return RedactionFilter.builder().policy(ROOT.resolve("policies").resolve(name));
    }

    static Request police() {
        return Request.builder().requester("AZ0070000").purpose("C").build();
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A direct buffer with something before and after its content. */
    static ByteBuffer direct(byte[] content) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(content.length + 20);
        buffer.position(7);
        buffer.put(content);
        return buffer.flip().position(7);
    }

    static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException error) {
            throw new AssertionError(error);
        }
    }
}
