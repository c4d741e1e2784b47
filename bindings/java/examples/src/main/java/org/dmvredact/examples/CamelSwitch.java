package org.dmvredact.examples;

import java.io.IOException;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.builder.RouteBuilder;
import org.dmvredact.DisclosureLog;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;

/**
 * A message switch on Camel: redacts each response for who asked, records it, and passes on what may go out. With a component for
 * JMS, {@code from("jms:responses?transacted=true")} is all that changes.
 *
 * <p>A step that throws ends its route: nothing behind it sees the message. That is why {@link Minimize} takes the body away first.
 */
final class CamelSwitch extends RouteBuilder {
    private final RedactionFilter filter;
    private final DisclosureLog log;

    CamelSwitch(RedactionFilter filter, DisclosureLog log) {
        this.filter = filter;
        this.log = log;
    }

    @Override
    public void configure() {
        // What failed is told by its kind alone: to whoever asked, no more than that there is no answer.
        onException(Exception.class)
                .handled(true)
                .setBody(constant(""))
                .setHeader("disposition", constant("WITHHELD"))
                .to("seda:refused");

        from("seda:responses")
                .process(new Minimize(filter, log))
                .choice()
                .when(header("disposition").in("REDACTED", "RELEASED"))
                .to("seda:released")
                .otherwise()
                .to("seda:refused");
    }

    /** Puts what may go out in the place of the body. */
    record Minimize(RedactionFilter filter, DisclosureLog log) implements Processor {
        // docs: processor
        @Override
        public void process(Exchange exchange) throws IOException {
            Message message = exchange.getMessage();
            byte[] response = message.getBody(byte[].class);
            // From here on no step can pass on the response as it came.
            message.setBody(null);
            // The switch's own headers, which it set when the query came; never the message's content.
            Request request = Request.builder()
                    .requester(message.getHeader("requester", String.class))
                    .purpose(message.getHeader("purpose", String.class))
                    .build();
            try (Redaction redaction = filter.redact(response, request)) {
                log.append("responses", redaction);
                message.setHeader("disposition", redaction.receipt().disposition().toString());
                message.setBody(redaction.output().orElse(null));
            }
        }
        // docs: end
    }
}
