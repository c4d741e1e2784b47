package org.dmvredact;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The disclosure log: the record of a message is on disk before its output may go out. One JSON line for each message, each
 * chained to the line before; {@code dmv-redact log verify} checks it.
 *
 * <p>For any number of threads at once: one sync of the disk does for all that wait. One process writes a log at a time.
 */
public final class DisclosureLog implements AutoCloseable {
    private final Native.Handle handle;
    private boolean isClosed;

    private DisclosureLog(long number) {
        handle = new Native.Handle(number, Native::closeLog);
    }

    long number() {
        return handle.number();
    }

    /**
     * Opens a log in one file, without a key. See {@link #open(Path, RedactionFilter, LogOptions)}.
     *
     * @param at the file
     * @param filter the filter whose messages it records
     * @return a log for all threads
     * @throws IOException if it can't be opened: don't start
     * @throws IllegalStateException if the filter is closed
     */
    public static DisclosureLog open(Path at, RedactionFilter filter) throws IOException {
        return open(at, filter, new LogOptions());
    }

    /**
     * Opens a log, or makes one that only its owner can read, and records that the process begins with this filter.
     *
     * @param at the file
     * @param filter the filter whose messages it records
     * @param options how it is written
     * @return a log for all threads
     * @throws IOException if it can't be opened or written, it isn't a log, its key is wrong, or another process has it: don't
     *     start
     * @throws IllegalStateException if the filter is closed
     */
    public static DisclosureLog open(Path at, RedactionFilter filter, LogOptions options) throws IOException {
        try {
            return new DisclosureLog(Reply.io(Native.openLog(filter.number(), options.packed(at))).size());
        } finally {
            Reference.reachabilityFence(filter);
        }
    }

    /**
     * Records a redaction. See {@link #append(String, String, Redaction)}.
     *
     * @param source the switch's word for where the message came from
     * @param redaction what goes out after this returns
     * @throws IOException if it can't be recorded: forward nothing
     * @throws IllegalStateException if the log is closed or ended, or the redaction is closed or couldn't be recorded before
     */
    public void append(String source, Redaction redaction) throws IOException {
        append(source, null, redaction);
    }

    /**
     * Records a redaction with the current time, and syncs: when it returns, the output may go out. With any exception the
     * redaction has no output any more, whatever its receipt says; if the caller's own buffer has it, discard that.
     *
     * <p>After an {@link IOException} nothing more is recorded: close the log, and open it again.
     *
     * @param source the switch's word for where the message came from
     * @param id identifies the message there; null if nothing does
     * @param redaction what goes out after this returns
     * @throws IOException if it can't be recorded: forward nothing
     * @throws IllegalStateException if the log is closed or ended, or the redaction is closed or couldn't be recorded before
     */
    public void append(String source, String id, Redaction redaction) throws IOException {
        redaction.<IOException>recorded(number -> {
            byte[] origin = new Packing.Writer().text(Objects.requireNonNull(source, "source")).text(id).toBytes();
            try {
                Reply.io(Native.appendLog(number(), number, origin));
            } finally {
                Reference.reachabilityFence(this);
            }
        });
    }

    /**
     * Records that the process ends. Nothing more can be recorded.
     *
     * @return the last line. Kept elsewhere, it reveals a log that was cut off
     * @throws IOException if it can't be recorded
     * @throws IllegalStateException if the log is closed or ended
     */
    public Head end() throws IOException {
        try {
            Packing.Reader end = Reply.io(Native.endLog(number()));
            return new Head(end.size(), end.text());
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Ends the log, unless {@link #end} did, and closes it.
     *
     * @throws IOException if the end can't be recorded; it is closed all the same
     */
    @Override
    public synchronized void close() throws IOException {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            end();
        } catch (IllegalStateException ended) {
            // By `end`.
        } finally {
            handle.close();
        }
    }

    /**
     * A line of the log.
     *
     * @param sequence its number
     * @param hash its hash, in hexadecimal
     */
    public record Head(long sequence, String hash) {}
}
