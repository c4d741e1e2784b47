package org.dmvredact;

import java.io.Serial;

/** The output doesn't fit into the caller's buffer. Nothing was written to it; redact the message again with a larger one. */
public final class BufferTooSmallException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    /** Bytes of the output. */
    private final long needed;

    BufferTooSmallException(String message, long needed) {
        super(message);
        this.needed = needed;
    }

    /**
     * How large the buffer must be.
     *
     * @return bytes
     */
    public long needed() {
        return needed;
    }
}
