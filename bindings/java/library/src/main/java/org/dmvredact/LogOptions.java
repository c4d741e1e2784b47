package org.dmvredact;

import java.nio.file.Path;
import java.util.Objects;

/** How a disclosure log is written. Everything may be left out. For one thread. */
public final class LogOptions {
    private String key;
    private String service;
    private boolean isDaily;
    private long bytes;
    private boolean isDryRun;

    /** One file, without a key. */
    public LogOptions() {}

    byte[] packed(Path at) {
        Packing.Writer out = new Packing.Writer();
        out.text(RedactionFilter.pathOf(at)).text(key).text(service);
        return out.number(isDaily ? 1 : 0).size(bytes).number(isDryRun ? 1 : 0).toBytes();
    }

    /**
     * The key of the hashes: whoever lacks it can't forge the log.
     *
     * @param path a file with the key
     * @return these options
     */
    public LogOptions key(Path path) {
        key = RedactionFilter.pathOf(path);
        return this;
    }

    /**
     * Who writes, where several do.
     *
     * @param name of the process or machine
     * @return these options
     */
    public LogOptions service(String name) {
        service = Objects.requireNonNull(name, "name");
        return this;
    }

    /**
     * Goes on in a new file each day.
     *
     * @return these options
     */
    public LogOptions rotateDaily() {
        isDaily = true;
        return this;
    }

    /**
     * Goes on in a new file after so many bytes.
     *
     * @param size more than 0
     * @return these options
     */
    public LogOptions rotateAfter(long size) {
        if (size <= 0) {
            throw new IllegalArgumentException("a file has more than 0 bytes");
        }
        bytes = size;
        return this;
    }

    /**
     * Says that the messages go out as they came, so that no record counts as a disclosure.
     *
     * @return these options
     */
    public LogOptions dryRun() {
        isDryRun = true;
        return this;
    }
}
