package org.dmvredact;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The filter: made once, shared by all threads. Calls run in parallel and don't wait for one another.
 *
 * <p>A message is copied before it is read: what another thread does to its array or buffer meanwhile changes nothing in what is
 * decided and checked. Don't free the memory of a direct buffer while a call has it. Closing a filter is safe at any time: calls in
 * progress go on to their end.
 */
public final class RedactionFilter implements AutoCloseable {
    private final Native.Handle handle;

    private RedactionFilter(long number) {
        handle = new Native.Handle(number, Native::closeFilter);
    }

    long number() {
        return handle.number();
    }

    /**
     * Begins a filter with the built-in baseline policy, formats and catalog.
     *
     * @return a builder, for one thread
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Redacts a message.
     *
     * @param message the response as it came: XML or JSON
     * @param request who asks, and why
     * @return the output, if any goes out, and the receipt. Close it after it was recorded and forwarded
     * @throws IllegalStateException if the filter is closed
     * @throws InternalRedactionException if the library failed. Nothing goes out
     */
    public Redaction redact(byte[] message, Request request) {
        return redact(ByteBuffer.wrap(Objects.requireNonNull(message, "message")), request);
    }

    /**
     * Redacts what remains in a buffer, direct or not. Its position and limit stay.
     *
     * @param message the response as it came, from the position to the limit
     * @param request who asks, and why
     * @return the output, if any goes out, and the receipt. Close it after it was recorded and forwarded
     * @throws IllegalStateException if the filter is closed
     * @throws InternalRedactionException if the library failed. Nothing goes out
     */
    public Redaction redact(ByteBuffer message, Request request) {
        Objects.requireNonNull(message, "message");
        byte[] packed = Objects.requireNonNull(request, "request").packed();
        byte[][] output = new byte[1][];
        byte[] reply;
        try {
            if (message.isDirect()) {
                int from = message.position();
                reply = Native.redactDirect(number(), packed, message, from, message.limit() - from, output);
            } else {
                HeapMessage heap = HeapMessage.of(message);
                reply = Native.redactArray(number(), packed, heap.array, heap.from, heap.length, output);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
        return new Redaction(Reply.unchecked(reply), output[0]);
    }

    /**
     * Redacts a message into a direct buffer of the caller, from its position on, which is moved behind the output. Unless the
     * receipt releases, and if the output doesn't fit, nothing is written.
     *
     * <p>{@link DisclosureLog#append(String, Redaction)} comes after this: if it fails, discard what is in the buffer.
     *
     * @param message the response as it came: XML or JSON
     * @param request who asks, and why
     * @param output a direct buffer, not read-only
     * @return the receipt, and how much was written. Close it after it was recorded and forwarded
     * @throws BufferTooSmallException if the output doesn't fit
     * @throws IllegalArgumentException if the output's buffer isn't direct
     * @throws ReadOnlyBufferException if the output's buffer is read-only
     * @throws IllegalStateException if the filter is closed
     * @throws InternalRedactionException if the library failed. Nothing goes out
     */
    public Redaction redact(byte[] message, Request request, ByteBuffer output) {
        return redact(ByteBuffer.wrap(Objects.requireNonNull(message, "message")), request, output);
    }

    /**
     * The same of what remains in a buffer, direct or not. Its position and limit stay. It may be in the output's memory.
     *
     * @param message the response as it came, from the position to the limit
     * @param request who asks, and why
     * @param output a direct buffer, not read-only
     * @return the receipt, and how much was written. Close it after it was recorded and forwarded
     * @throws BufferTooSmallException if the output doesn't fit
     * @throws IllegalArgumentException if the output's buffer isn't direct
     * @throws ReadOnlyBufferException if the output's buffer is read-only
     * @throws IllegalStateException if the filter is closed
     * @throws InternalRedactionException if the library failed. Nothing goes out
     */
    public Redaction redact(ByteBuffer message, Request request, ByteBuffer output) {
        Objects.requireNonNull(message, "message");
        byte[] packed = Objects.requireNonNull(request, "request").packed();
        if (output.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        if (!output.isDirect()) {
            throw new IllegalArgumentException("the output's buffer isn't direct");
        }
        int at = output.position();
        int room = output.limit() - at;
        byte[] reply;
        try {
            if (message.isDirect()) {
                int from = message.position();
                int length = message.limit() - from;
                reply = Native.redactDirectInto(number(), packed, message, from, length, output, at, room);
            } else {
                HeapMessage heap = HeapMessage.of(message);
                reply = Native.redactArrayInto(
                        number(), packed, heap.array, heap.from, heap.length, output, at, room);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
        Redaction redaction = new Redaction(Reply.unchecked(reply), null);
        output.position(at + redaction.written());
        return redaction;
    }

    /** What remains in a buffer that isn't direct: its own array, or a copy of one that is read-only. */
    private record HeapMessage(byte[] array, int from, int length) {
        static HeapMessage of(ByteBuffer message) {
            if (message.hasArray()) {
                return new HeapMessage(
                        message.array(), message.arrayOffset() + message.position(), message.remaining());
            }
            byte[] copy = new byte[message.remaining()];
            message.duplicate().get(copy);
            return new HeapMessage(copy, 0, copy.length);
        }
    }

    /**
     * Checks that the policy declares what a request states. Messages for any other request are withheld: check each kind of
     * request once, before the first message.
     *
     * @param request what is stated
     * @throws IllegalArgumentException if it isn't declared; the text has the nearest that is
     * @throws IllegalStateException if the filter is closed
     */
    public void check(Request request) {
        try {
            Reply.unchecked(Native.checkFilter(number(), request.packed()));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Puts another configuration in force: built and checked aside, then swapped in one step. A message is decided by the one or
     * the other, whole. With an exception the present one stays in force. Nothing is recorded: for a filter without a log.
     *
     * @param builder the new configuration, all of it
     * @throws ConfigurationException if it is wrong
     * @throws IllegalStateException if the filter is closed
     */
    public void swap(Builder builder) throws ConfigurationException {
        try {
            Reply.config(Native.swapFilter(number(), builder.packed(), 0));
        } catch (IOException error) {
            // Without a log nothing is written.
            throw new InternalRedactionException(error.getMessage());
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * The same, with the change on record first. If that fails, the present configuration stays in force.
     *
     * @param builder the new configuration, all of it
     * @param log the log that the messages of this filter are appended to
     * @throws ConfigurationException if it is wrong
     * @throws IOException if the change can't be recorded
     * @throws IllegalStateException if the filter or the log is closed
     */
    public void swap(Builder builder, DisclosureLog log) throws ConfigurationException, IOException {
        try {
            Reply.config(Native.swapFilter(number(), builder.packed(), log.number()));
        } finally {
            Reference.reachabilityFence(this);
            Reference.reachabilityFence(log);
        }
    }

    /** Closes it. Calls in progress go on to their end; any later one throws {@link IllegalStateException}. */
    @Override
    public void close() {
        handle.close();
    }

    /**
     * What a filter is made of. Everything may be left out. For one thread; it may be used again, and changed between.
     */
    public static final class Builder {
        private final Packing.Writer parts = new Packing.Writer();

        private Builder() {}

        // The numbers are those in config.rs.
        private Builder set(int part, String name, byte[] bytes) {
            parts.part(part, name, bytes);
            return this;
        }

        private Builder path(int part, Path path) {
            return set(part, pathOf(path), null);
        }

        private Builder bytes(int part, String name, byte[] bytes) {
            return set(part, Objects.requireNonNull(name, "name"), Objects.requireNonNull(bytes, "bytes"));
        }

        byte[] packed() {
            return parts.toBytes();
        }

        /**
         * Takes the policy from a file. Its rosters and the policies that it includes are files beside it.
         *
         * @param path a {@code policy.toml}
         * @return this builder
         */
        public Builder policy(Path path) {
            return path(1, path);
        }

        /**
         * Takes the policy from bytes.
         *
         * @param name its name in errors
         * @param bytes a {@code policy.toml}; copied
         * @return this builder
         */
        public Builder policy(String name, byte[] bytes) {
            return bytes(1, name, bytes);
        }

        /**
         * Takes a roster from bytes. It is an error if the policy doesn't name it.
         *
         * @param name what {@code ori-file} says
         * @param bytes a CSV table; copied
         * @return this builder
         */
        public Builder roster(String name, byte[] bytes) {
            return bytes(2, name, bytes);
        }

        /**
         * Takes an included policy from bytes. It is an error if no policy includes it.
         *
         * @param name what {@code include} says
         * @param bytes a {@code policy.toml}; copied
         * @return this builder
         */
        public Builder include(String name, byte[] bytes) {
            return bytes(3, name, bytes);
        }

        /**
         * Adds the data elements of a file to the catalog.
         *
         * @param path a {@code catalog.toml}
         * @return this builder
         */
        public Builder catalog(Path path) {
            return path(4, path);
        }

        /**
         * Adds data elements to the catalog.
         *
         * @param name its name in errors
         * @param bytes a {@code catalog.toml}; copied
         * @return this builder
         */
        public Builder catalog(String name, byte[] bytes) {
            return bytes(4, name, bytes);
        }

        /**
         * Adds every format in a folder.
         *
         * @param folder it has {@code NAME/format.toml}
         * @return this builder
         */
        public Builder formats(Path folder) {
            return path(5, folder);
        }

        /**
         * Adds a format.
         *
         * @param name its name in errors
         * @param bytes a {@code format.toml}; copied
         * @return this builder
         */
        public Builder format(String name, byte[] bytes) {
            return bytes(5, name, bytes);
        }

        /**
         * Takes the key of tokens from a file. A policy that releases something as a token needs one.
         *
         * @param path its content without the final line end is the key, 32 bytes at least
         * @return this builder
         */
        public Builder tokenKey(Path path) {
            return path(6, path);
        }

        /**
         * Takes the key of tokens from bytes.
         *
         * @param key 32 bytes at least; copied
         * @return this builder
         */
        public Builder tokenKey(byte[] key) {
            return bytes(6, "", key);
        }

        /**
         * Accepts messages of one format only.
         *
         * @param name its name
         * @return this builder
         */
        public Builder onlyFormat(String name) {
            return set(7, Objects.requireNonNull(name, "name"), null);
        }

        /**
         * Sets a limit on messages.
         *
         * @param name {@code message-bytes}, {@code depth} or another
         * @param value its largest value
         * @return this builder
         */
        public Builder limit(String name, long value) {
            return set(8, Objects.requireNonNull(name, "name") + "=" + value, null);
        }

        /**
         * Whether every output is read a second time, by independent code, before it goes out. On unless this says otherwise.
         *
         * @param on false makes it faster
         * @return this builder
         */
        public Builder secondReading(boolean on) {
            return set(9, on ? "on" : "off", null);
        }

        /**
         * Makes the filter: reads all files, checks and compiles them. It takes a second or less.
         *
         * @return a filter for all threads
         * @throws ConfigurationException if anything is wrong, or can't be read: don't start
         */
        public RedactionFilter build() throws ConfigurationException {
            try {
                return new RedactionFilter(Reply.config(Native.newFilter(packed())).size());
            } catch (IOException error) {
                // Files that can't be read are errors of the configuration.
                throw new InternalRedactionException(error.getMessage());
            }
        }
    }

    /** As the system has it. A path of another file system, in a zip file, for instance, has none. */
    static String pathOf(Path path) {
        // What it is relative to is Java's to say: that may be another folder than the process's.
        return path.toFile().getAbsolutePath();
    }
}
