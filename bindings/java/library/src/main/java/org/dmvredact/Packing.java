package org.dmvredact;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The bytes that Java and the native library exchange: big-endian numbers, texts and bytes after their length, -1 for none.
 * {@code packing.rs} is the other half.
 */
final class Packing {
    private static final int NONE = -1;

    private Packing() {}

    static final class Writer {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream(128);

        Writer number(int value) {
            out.write(value);
            return this;
        }

        Writer size(long value) {
            out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
            return this;
        }

        Writer bytes(byte[] value) {
            length(value == null ? NONE : value.length);
            if (value != null) {
                out.writeBytes(value);
            }
            return this;
        }

        /** A number and a text. Of a text that is refused nothing is written. */
        Writer attribute(int number, String value) {
            byte[] text = utf8(value);
            return number(number).bytes(text);
        }

        /** The same, with bytes. */
        Writer part(int number, String name, byte[] value) {
            byte[] text = name == null ? null : utf8(name);
            return number(number).bytes(text).bytes(value);
        }

        Writer text(String value) {
            return bytes(value == null ? null : utf8(value));
        }

        private void length(int value) {
            out.write(value >>> 24);
            out.write(value >>> 16);
            out.write(value >>> 8);
            out.write(value);
        }

        byte[] toBytes() {
            return out.toByteArray();
        }
    }

    /** Half of a surrogate pair is an error: replaced by a question mark, it would say something else. */
    private static byte[] utf8(String value) {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (CharacterCodingException error) {
            throw new IllegalArgumentException("a text has half of a surrogate pair");
        }
    }

    static final class Reader {
        private final ByteBuffer in;

        Reader(byte[] packed) {
            in = ByteBuffer.wrap(packed);
        }

        int number() {
            return in.get();
        }

        long size() {
            return in.getLong();
        }

        int count() {
            return in.getInt();
        }

        String text() {
            int length = in.getInt();
            if (length == NONE) {
                return null;
            }
            String value = new String(in.array(), in.position(), length, StandardCharsets.UTF_8);
            in.position(in.position() + length);
            return value;
        }

        /** All that follows. */
        String rest() {
            return new String(in.array(), in.position(), in.remaining(), StandardCharsets.UTF_8);
        }

        <T> List<T> list(Function<Reader, T> item) {
            int count = count();
            if (count == 0) {
                return List.of();
            }
            List<T> items = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                items.add(item.apply(this));
            }
            return List.copyOf(items);
        }
    }
}
