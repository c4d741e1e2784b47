package org.dmvredact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the classes never pass to the library is an error there too, and what they forget is let go of. */
class NativeTest {
    private static final byte[] MESSAGE = {'<', 'a', '/', '>'};
    private static final byte[] NOTHING = {};

    private static void fails(Class<? extends Exception> with, byte[] reply) {
        assertThrows(with, () -> Reply.unchecked(reply));
    }

    @Test
    void partsOutsideAreRefused() throws ConfigurationException {
        ByteBuffer direct = ByteBuffer.allocateDirect(MESSAGE.length).put(MESSAGE).flip();
        ByteBuffer heap = ByteBuffer.wrap(MESSAGE);
        byte[][] output = new byte[1][];
        int[][] parts = {{-1, 1}, {0, -1}, {0, 5}, {5, 0}, {4, 1}, {1, Integer.MAX_VALUE}, {Integer.MAX_VALUE, 1}};
        try (RedactionFilter filter = RedactionFilter.builder().build()) {
            long number = filter.number();
            Class<InternalRedactionException> internal = InternalRedactionException.class;
            for (int[] part : parts) {
                fails(internal, Native.redactArray(number, NOTHING, MESSAGE, part[0], part[1], output));
                fails(internal, Native.redactDirect(number, NOTHING, direct, part[0], part[1], output));
                fails(internal, Native.redactArrayInto(number, NOTHING, MESSAGE, part[0], part[1], direct, 0, 4));
            }
            fails(internal, Native.redactDirect(number, NOTHING, heap, 0, 4, output));
            fails(internal, Native.redactArray(number, null, MESSAGE, 0, 4, output));
            fails(internal, Native.redactArray(number, NOTHING, null, 0, 4, output));
            fails(internal, Native.redactDirect(number, NOTHING, null, 0, 4, output));
            // Packed as nothing is.
            fails(internal, Native.redactArray(number, new byte[] {1, 2, 3}, MESSAGE, 0, 4, output));
            fails(internal, Native.redactArray(number, new byte[] {99, 0, 0, 0, 0}, MESSAGE, 0, 4, output));
            fails(internal, Native.redactArray(number, new byte[] {2, -1, 0, 0, 0}, MESSAGE, 0, 4, output));
            fails(internal, Native.redactArray(number, new byte[] {2, 0, 0, 0, 1, -1}, MESSAGE, 0, 4, output));
            fails(internal, Native.newFilter(null));
            fails(internal, Native.newFilter(new byte[] {99, 0, 0, 0, 0, -1, -1, -1, -1}));
            fails(internal, Native.openLog(number, NOTHING));
            assertEquals(null, output[0]);
            // No handle, and one that never was.
            for (long other : new long[] {0, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
                fails(IllegalStateException.class, Native.redactArray(other, NOTHING, MESSAGE, 0, 4, output));
                fails(IllegalStateException.class, Native.receiptJson(other));
                fails(IllegalStateException.class, Native.endLog(other));
                Reply.unchecked(Native.closeFilter(other));
            }
        }
    }

    @Test
    void whatIsForgottenIsLetGo() throws Exception {
        byte[] message = Files.readAllBytes(
                Path.of(System.getProperty("repository"), "fixtures/dr-in-state-police/message.xml"));
        try (RedactionFilter filter = RedactionFilter.builder().build()) {
            byte[] reply = Native.redactArray(filter.number(), NOTHING, message, 0, message.length, new byte[1][]);
            long number = Reply.unchecked(reply).size();
            Reply.unchecked(Native.receiptJson(number));
            forget(reply);
            boolean isGone = false;
            for (int attempt = 0; attempt < 100 && !isGone; attempt++) {
                System.gc();
                Thread.sleep(20);
                // The first byte is the code: not 0 once it is closed.
                isGone = Native.receiptJson(number)[0] != 0;
            }
            assertTrue(isGone);
        }
    }

    private static void forget(byte[] reply) {
        assertTrue(new Redaction(Reply.unchecked(reply), null).receipt().bytesIn() > 0);
    }
}
