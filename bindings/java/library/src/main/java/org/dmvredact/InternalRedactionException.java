package org.dmvredact;

import java.io.Serial;

/**
 * The library failed by a fault of its own, or there was no memory. Nothing goes out. The filter can still be used. The text
 * has the place in the library's source, and never a value of a message: report it.
 */
public final class InternalRedactionException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    InternalRedactionException(String message) {
        super(message);
    }
}
