package org.dmvredact;

import java.lang.ref.Reference;
import java.util.Optional;

/**
 * What became of a message: the output, if any goes out, and the receipt. Thread-safe.
 *
 * <p>The library keeps some hundred bytes for it until it is closed, or, if that was forgotten, until it is collected.
 */
public final class Redaction implements AutoCloseable {
    private final Native.Handle handle;
    private final Receipt receipt;
    private byte[] output;
    private boolean mayGoOut;

    Redaction(Packing.Reader packed, byte[] output) {
        handle = new Native.Handle(packed.size(), Native::closeRedaction);
        receipt = new Receipt(packed, handle);
        this.output = output;
        mayGoOut = receipt.disposition().releases();
    }

    /**
     * The output. It is the array itself: whoever changes it changes what goes out.
     *
     * @return empty unless the receipt releases; empty if the caller's own buffer has it; empty while and after
     *     {@link DisclosureLog#append(String, Redaction)} failed
     */
    public synchronized Optional<byte[]> output() {
        return mayGoOut ? Optional.ofNullable(output) : Optional.empty();
    }

    /**
     * How much goes out.
     *
     * @return bytes in {@link #output} or the caller's own buffer; 0 if nothing goes out
     */
    public synchronized int written() {
        return mayGoOut ? Math.toIntExact(receipt.bytesOut()) : 0;
    }

    /**
     * The receipt.
     *
     * @return it stays after this is closed, but for its JSON
     * @throws IllegalStateException if it couldn't be recorded: there is nothing to act on
     */
    public synchronized Receipt receipt() {
        if (receipt.disposition().releases() && !mayGoOut) {
            throw new IllegalStateException("the redaction couldn't be recorded: nothing goes out");
        }
        return receipt;
    }

    /** Runs {@code record}. Unless it returns, nothing goes out any more. */
    synchronized <X extends Exception> void recorded(Recording<X> record) throws X {
        boolean before = mayGoOut;
        if (receipt.disposition().releases() && !before) {
            throw new IllegalStateException("the redaction couldn't be recorded before: nothing goes out");
        }
        mayGoOut = false;
        try {
            record.by(handle.number());
        } finally {
            Reference.reachabilityFence(this);
        }
        mayGoOut = before;
    }

    /** Puts a redaction on record. */
    interface Recording<X extends Exception> {
        void by(long redaction) throws X;
    }

    /** Lets go of what the library keeps. The output stays. */
    @Override
    public void close() {
        handle.close();
    }
}
