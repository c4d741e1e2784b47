package org.dmvredact.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import org.dmvredact.DisclosureLog;
import org.dmvredact.LogOptions;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;

/** Redacts one response for one request, on record, and prints what may go out: MESSAGE POLICY LOG. */
public final class FirstRedaction {
    private FirstRedaction() {}

    public static void main(String[] arguments) throws Exception {
        byte[] response = Files.readAllBytes(Path.of(arguments[0]));
        Path policy = Path.of(arguments[1]);
        Path logFile = Path.of(arguments[2]);

        // At start, for all threads; closed at the end.
        try (RedactionFilter filter = RedactionFilter.builder().policy(policy).build();
                DisclosureLog log = DisclosureLog.open(logFile, filter, new LogOptions().service("switch-1"))) {
            // For each response, with what the switch itself knows of the request.
            Request request = Request.builder().requester("AZ0070000").purpose("C").correlationId("7f3a-0042").build();
            try (Redaction redaction = filter.redact(response, request)) {
                log.append("line 1", redaction); // on disk before the output goes out; if it throws, forward nothing
                redaction.output().ifPresent(System.out::writeBytes);
                System.out.flush();
            }
        }
    }
}
