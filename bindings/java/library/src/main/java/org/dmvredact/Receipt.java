package org.dmvredact;

import java.lang.ref.Reference;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The record of one message: what became of it, and counts. It never has a value of the message, but for the message key and
 * the requester's ORI. Immutable.
 */
public final class Receipt {
    private static final Disposition[] DISPOSITIONS = Disposition.values();

    private final Native.Handle redaction;
    private final Disposition disposition;
    private final String reason;
    private final String detail;
    private final long offset;
    private final String format;
    private final String messageType;
    private final String requester;
    private final String correlationId;
    private final String date;
    private final Policy policy;
    private final long bytesIn;
    private final long bytesOut;
    private final long unmapped;
    private final long foundImages;
    private final long imageBytes;

    /** The lists, until they are asked for. */
    private Packing.Reader packed;

    private Lists lists;

    /** In the order of receipt.rs. */
    Receipt(Packing.Reader in, Native.Handle redaction) {
        this.redaction = redaction;
        disposition = DISPOSITIONS[in.number()];
        reason = in.text();
        detail = in.text();
        offset = in.size();
        format = in.text();
        messageType = in.text();
        requester = in.text();
        correlationId = in.text();
        date = in.text();
        policy = new Policy(in.text(), in.text(), in.text());
        bytesIn = in.size();
        bytesOut = in.size();
        unmapped = in.size();
        foundImages = in.size();
        imageBytes = in.size();
        packed = in;
    }

    private record Lists(
            List<String> agencyClasses,
            List<String> rules,
            List<Element> elements,
            List<Images> images,
            List<Duty> duties) {
        static Lists of(Packing.Reader in) {
            return new Lists(
                    in.list(Packing.Reader::text),
                    in.list(Packing.Reader::text),
                    in.list(one -> new Element(one.text(), one.size(), one.size(), one.size(), one.size())),
                    in.list(one -> new Images(one.text(), one.size())),
                    in.list(one -> new Duty(one.text(), one.text(), one.text(), one.number() != 0, day(one.text()))));
        }
    }

    private synchronized Lists lists() {
        if (lists == null) {
            lists = Lists.of(packed);
            packed = null;
        }
        return lists;
    }

    private static LocalDate day(String text) {
        return text == null ? null : LocalDate.parse(text);
    }

    /**
     * What becomes of the message.
     *
     * @return withheld if nothing may go out
     */
    public Disposition disposition() {
        return disposition;
    }

    /**
     * Why it is held or withheld.
     *
     * @return a code; empty if it goes out
     */
    public Optional<String> reason() {
        return Optional.ofNullable(reason);
    }

    /**
     * The exact problem.
     *
     * @return a fixed sentence; empty if there is no more to say than the reason
     */
    public Optional<String> detail() {
        return Optional.ofNullable(detail);
    }

    /**
     * Where the problem is.
     *
     * @return bytes from the start of the message; empty if it concerns all of it
     */
    public OptionalLong offset() {
        return offset < 0 ? OptionalLong.empty() : OptionalLong.of(offset);
    }

    /**
     * The format that was recognized.
     *
     * @return its name; empty if none was
     */
    public Optional<String> format() {
        return Optional.ofNullable(format);
    }

    /**
     * The message key.
     *
     * @return {@code DR}, for instance; empty if it wasn't recognized
     */
    public Optional<String> messageType() {
        return Optional.ofNullable(messageType);
    }

    /**
     * Who asks.
     *
     * @return the ORI; empty if none was stated or found
     */
    public Optional<String> requester() {
        return Optional.ofNullable(requester);
    }

    /**
     * The switch's own id of the request.
     *
     * @return empty if it gave none
     */
    public Optional<String> correlationId() {
        return Optional.ofNullable(correlationId);
    }

    /**
     * The date of the request, by which it was decided.
     *
     * @return empty if the policy depends on no date
     */
    public Optional<LocalDate> date() {
        return Optional.ofNullable(day(date));
    }

    /**
     * Which policy decided.
     *
     * @return its name, version and digest
     */
    public Policy policy() {
        return policy;
    }

    /**
     * Size of the message.
     *
     * @return bytes
     */
    public long bytesIn() {
        return bytesIn;
    }

    /**
     * Size of the output.
     *
     * @return bytes; 0 if there is none
     */
    public long bytesOut() {
        return bytesOut;
    }

    /**
     * Parts that no path of the mapping names, which were removed.
     *
     * @return how many
     */
    public long unmapped() {
        return unmapped;
    }

    /**
     * Images that were found in other values by their content, and removed.
     *
     * @return how many
     */
    public long foundImages() {
        return foundImages;
    }

    /**
     * Size of the removed images in the message.
     *
     * @return bytes
     */
    public long imageBytes() {
        return imageBytes;
    }

    /**
     * The agency classes that the requester is in.
     *
     * @return their names
     */
    public List<String> agencyClasses() {
        return lists().agencyClasses;
    }

    /**
     * The rules that applied.
     *
     * @return their ids
     */
    public List<String> rules() {
        return lists().rules;
    }

    /**
     * What became of each data element that was seen, in the order of the catalog.
     *
     * @return counts; none of a message that was held or withheld
     */
    public List<Element> elements() {
        return lists().elements;
    }

    /**
     * The removed images, by what they are.
     *
     * @return counts
     */
    public List<Images> images() {
        return lists().images;
    }

    /**
     * What somebody must do because of the outcome.
     *
     * @return the policy's duties
     */
    public List<Duty> duties() {
        return lists().duties;
    }

    /**
     * The whole receipt as JSON: what {@code dmv-redact redact} prints. It costs about as much as the redaction: if you need a few
     * fields, ask for them.
     *
     * @return one line
     * @throws IllegalStateException if the redaction is closed
     */
    public String toJson() {
        try {
            return Reply.unchecked(Native.receiptJson(redaction.number())).rest();
        } finally {
            Reference.reachabilityFence(redaction);
        }
    }

    /**
     * The disposition, and the reason if there is one.
     *
     * @return for people
     */
    @Override
    public String toString() {
        return reason == null ? disposition.toString() : disposition + " (" + reason + ")";
    }

    /**
     * A policy.
     *
     * @param name its name
     * @param version its version
     * @param sha256 the digest of its text and all that it includes, in hexadecimal
     */
    public record Policy(String name, String version, String sha256) {}

    /**
     * What became of the values of one data element.
     *
     * @param id of the element
     * @param released values released as they are
     * @param generalized values released in a less precise form
     * @param removed values removed, for any reason
     * @param shape removed values that were permitted but violate the element's shape
     */
    public record Element(String id, long released, long generalized, long removed, long shape) {}

    /**
     * Images that were removed.
     *
     * @param kind what they are: {@code photo}, {@code signature}, or that they were found in another value
     * @param count how many
     */
    public record Images(String kind, long count) {}

    /**
     * Something that must be done.
     *
     * @param id of the duty in the policy
     * @param task {@code notify-subject}, {@code report}, {@code collect-certificate}, {@code keep-record} or
     *     {@code review-afterwards}
     * @param to whom it concerns; null if the policy doesn't say
     * @param isBefore whether it must be done before the message goes out
     * @param lastDay the last day on which it may be done; null if it is due before the message goes out
     */
    public record Duty(String id, String task, String to, boolean isBefore, LocalDate lastDay) {}
}
