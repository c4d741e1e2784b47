package org.dmvredact;

import java.io.IOException;

/** A reply of the native library: what follows its code, or an exception. */
final class Reply {
    // As in error.rs.
    private static final int OK = 0;
    private static final int INVALID = 1;
    private static final int CONFIG = 2;
    private static final int IO = 3;
    private static final int CLOSED = 4;
    private static final int TOO_SMALL = 5;

    private Reply() {}

    /** Of a function that can't fail by a file. */
    static Packing.Reader unchecked(byte[] reply) {
        Packing.Reader in = open(reply);
        int code = in.number();
        if (code == OK) {
            return in;
        }
        throw unchecked(code, in.text(), in);
    }

    /** Of a function that writes or reads the log. */
    static Packing.Reader io(byte[] reply) throws IOException {
        Packing.Reader in = open(reply);
        int code = in.number();
        if (code == OK) {
            return in;
        }
        String message = in.text();
        if (code == IO) {
            throw new IOException(message);
        }
        throw unchecked(code, message, in);
    }

    /** Of a function that reads a configuration, and may write the log. */
    static Packing.Reader config(byte[] reply) throws ConfigurationException, IOException {
        Packing.Reader in = open(reply);
        int code = in.number();
        if (code == OK) {
            return in;
        }
        String message = in.text();
        if (code == CONFIG) {
            in.size();
            throw new ConfigurationException(message, in.list(Reply::problem));
        }
        if (code == IO) {
            throw new IOException(message);
        }
        throw unchecked(code, message, in);
    }

    private static Packing.Reader open(byte[] reply) {
        if (reply == null) {
            throw new InternalRedactionException("the JVM has no memory for a reply of the library");
        }
        return new Packing.Reader(reply);
    }

    private static ConfigurationException.Problem problem(Packing.Reader in) {
        return new ConfigurationException.Problem(in.text(), in.text(), in.text(), in.text(), in.count(), in.count());
    }

    private static RuntimeException unchecked(int code, String message, Packing.Reader in) {
        return switch (code) {
            case INVALID -> new IllegalArgumentException(message);
            case CLOSED -> new IllegalStateException(message);
            case TOO_SMALL -> new BufferTooSmallException(message, in.size());
            default -> new InternalRedactionException(message);
        };
    }
}
