package org.dmvredact;

import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.LongFunction;

/**
 * The functions of the native library, in {@code bindings/java/native/src}. Each takes and returns what {@link Packing} packs.
 * None throws: {@link Reply} does. A handle is a number that the library looks up in a table: one that was closed is found to be.
 */
final class Native {
    private static final Cleaner CLEANER = Cleaner.create();

    static {
        NativeLibrary.load();
        String library = Reply.unchecked(version()).text();
        String own = versionOfJar();
        if (!own.equals(library)) {
            throw new UnsatisfiedLinkError("this is dmv-redact " + own + ", and its native library is " + library);
        }
    }

    private Native() {}

    static native byte[] version();

    static native byte[] newFilter(byte[] config);

    static native byte[] swapFilter(long filter, byte[] config, long log);

    static native byte[] checkFilter(long filter, byte[] request);

    static native byte[] closeFilter(long filter);

    static native byte[] checkRequest(byte[] request);

    static native byte[] redactArray(
            long filter, byte[] request, byte[] message, int from, int length, byte[][] output);

    static native byte[] redactDirect(
            long filter, byte[] request, ByteBuffer message, int from, int length, byte[][] output);

    static native byte[] redactArrayInto(
            long filter, byte[] request, byte[] message, int from, int length, ByteBuffer output, int at, int capacity);

    static native byte[] redactDirectInto(
            long filter,
            byte[] request,
            ByteBuffer message,
            int from,
            int length,
            ByteBuffer output,
            int at,
            int capacity);

    static native byte[] receiptJson(long redaction);

    static native byte[] closeRedaction(long redaction);

    static native byte[] openLog(long filter, byte[] options);

    static native byte[] appendLog(long log, long redaction, byte[] origin);

    static native byte[] endLog(long log);

    static native byte[] closeLog(long log);

    private static String versionOfJar() {
        try (InputStream file = Native.class.getResourceAsStream("version")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException | NullPointerException error) {
            return "incomplete";
        }
    }

    /** A handle: closed once, by its owner, or when nothing refers to it any more. */
    static final class Handle {
        private final long number;
        private final Cleaner.Cleanable cleanable;

        Handle(long number, LongFunction<byte[]> close) {
            this.number = number;
            // Refers to the number alone: with the handle itself it would always be reachable.
            cleanable = CLEANER.register(this, () -> close.apply(number));
        }

        long number() {
            return number;
        }

        void close() {
            cleanable.clean();
        }
    }
}
