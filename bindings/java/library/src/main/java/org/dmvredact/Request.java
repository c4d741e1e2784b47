package org.dmvredact;

import java.time.LocalDate;
import java.util.Objects;

/**
 * Who asks, and why: what the switch itself vouches for. Never take any of it from a message. Immutable: one may serve any number
 * of messages and threads. Its values may name a person, so {@link #toString} doesn't show them.
 */
public final class Request {
    private final byte[] packed;

    private Request(byte[] packed) {
        this.packed = packed;
    }

    byte[] packed() {
        return packed;
    }

    /**
     * Begins a request that says nothing.
     *
     * @return a builder, for one thread
     */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public String toString() {
        return "Request";
    }

    /**
     * States what a request says. Each value is checked by {@link #build}; whether the policy accepts it, by
     * {@link RedactionFilter#check}. Null states nothing, as if the method weren't called; a requester can't be null. Two different
     * values of one attribute are refused by {@link #build}, or make each message withheld.
     */
    public static final class Builder {
        private final Packing.Writer attributes = new Packing.Writer();

        private Builder() {}

        // The numbers are those in request.rs.
        private Builder set(int attribute, String value) {
            if (value != null) {
                attributes.attribute(attribute, value);
            }
            return this;
        }

        /**
         * Who asks. Left out: the message's envelope says it.
         *
         * @param ori the ORI, 9 letters and digits
         * @return this builder
         */
        public Builder requester(String ori) {
            return set(1, Objects.requireNonNull(ori, "requester"));
        }

        /**
         * The purpose code.
         *
         * @param code one that the policy declares
         * @return this builder
         */
        public Builder purpose(String code) {
            return set(2, code);
        }

        /**
         * The reason code.
         *
         * @param code one that the policy declares
         * @return this builder
         */
        public Builder reason(String code) {
            return set(3, code);
        }

        /**
         * The line on which the query came.
         *
         * @param name the switch's name of it
         * @return this builder
         */
        public Builder line(String name) {
            return set(4, name);
        }

        /**
         * The person who asks.
         *
         * @param name as the request has it
         * @return this builder
         */
        public Builder user(String name) {
            return set(5, name);
        }

        /**
         * The state whose record it is.
         *
         * @param code its postal code
         * @return this builder
         */
        public Builder recordState(String code) {
            return set(6, code);
        }

        /**
         * A claim that the switch vouches for. Call it again for another.
         *
         * @param name one that the policy declares
         * @return this builder
         */
        public Builder claim(String name) {
            return set(7, name);
        }

        /**
         * A claim with the paper behind it. Call it again for another.
         *
         * @param text {@code claim=NAME,issuer=NAME,number=TEXT,date=YYYY-MM-DD,until=YYYY-MM-DD,specifies=ELEMENT}: only the
         *     claim must be there, {@code specifies} may be there again
         * @return this builder
         */
        public Builder instrument(String text) {
            return set(8, text);
        }

        /**
         * The date of the request. Left out: today, in UTC.
         *
         * @param date the policy of that day decides
         * @return this builder
         */
        public Builder date(LocalDate date) {
            return set(9, date == null ? null : date.toString());
        }

        /**
         * The switch's own id of the request, for the log.
         *
         * @param id 1 to 64 letters, digits, {@code -}, {@code _}, {@code .} and {@code :}
         * @return this builder
         */
        public Builder correlationId(String id) {
            return set(10, id);
        }

        /**
         * The control number of the query. A log with a key has a keyed hash of it.
         *
         * @param number the same in each message of the query
         * @return this builder
         */
        public Builder controlNumber(String number) {
            return set(11, number);
        }

        /**
         * Who approved it, for the log. Call it again for a second person.
         *
         * @param name a person or an office
         * @return this builder
         */
        public Builder approvedBy(String name) {
            return set(12, name);
        }

        /**
         * The request.
         *
         * @return it says what was stated until now
         * @throws IllegalArgumentException if a value can't be one of its attribute: withhold the message
         */
        public Request build() {
            byte[] packed = attributes.toBytes();
            Reply.unchecked(Native.checkRequest(packed));
            return new Request(packed);
        }
    }
}
