package org.dmvredact;

import java.io.Serial;
import java.util.List;

/**
 * A policy, roster, format or catalog is wrong, or can't be read. No filter was made; one in use stays as it is. The message has
 * a line for each problem of the file, with what to do about it, and never a value of a message.
 */
public final class ConfigurationException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    /** All that is wrong. Whoever sends the exception elsewhere sends its message alone. */
    private final transient List<Problem> problems;

    ConfigurationException(String message, List<Problem> problems) {
        super(message);
        this.problems = problems;
    }

    /**
     * Everything that is wrong in the file, in its order.
     *
     * @return one problem at least, unless there is no position at all to name
     */
    public List<Problem> problems() {
        return problems == null ? List.of() : problems;
    }

    private Problem first() {
        return problems().isEmpty() ? new Problem(getMessage(), getMessage(), null, null, 0, 0) : problems().get(0);
    }

    /**
     * The file of the first problem.
     *
     * @return its path, or the name that its bytes were given; null if no file is wrong
     */
    public String file() {
        return first().file();
    }

    /**
     * The line of the first problem.
     *
     * @return from 1; 0 if there is none
     */
    public int line() {
        return first().line();
    }

    /**
     * The column of the first problem.
     *
     * @return in characters from 1; 0 if there is none
     */
    public int column() {
        return first().column();
    }

    /**
     * What to do about the first problem.
     *
     * @return null if there is nothing to say
     */
    public String help() {
        return first().help();
    }

    /**
     * One thing that is wrong.
     *
     * @param text where, what, and what to do: <code>FILE:LINE:COLUMN: MESSAGE; HELP</code>, with control characters escaped
     * @param message what, in lower case, without a final period
     * @param help what to do; null if there is nothing to say
     * @param file the path, or the name that the bytes were given, not escaped; null if no file is wrong
     * @param line from 1; 0 if there is none
     * @param column in characters from 1; 0 if there is none
     */
    public record Problem(String text, String message, String help, String file, int line, int column) {
        /** {@return its {@code text}} */
        @Override
        public String toString() {
            return text;
        }
    }
}
