package org.dmvredact;

/** What becomes of a message. */
public enum Disposition {
    /** Nothing may be released; there is no output. */
    WITHHELD,
    /** A person must review it first; there is no output. */
    HELD,
    /** The output has what the policy permits and nothing else, and lacks something that the message has. */
    REDACTED,
    /** Nothing had to be removed: the output says all that the message says. */
    RELEASED;

    /**
     * Whether there is an output that may go out.
     *
     * @return true for {@link #REDACTED} and {@link #RELEASED}
     */
    public boolean releases() {
        return this == REDACTED || this == RELEASED;
    }
}
