package org.dmvredact.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.ConsumerTemplate;
import org.apache.camel.Exchange;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.impl.DefaultCamelContext;
import org.dmvredact.ConfigurationException;
import org.dmvredact.DisclosureLog;
import org.dmvredact.RedactionFilter;
import org.junit.jupiter.api.Test;

/** The route in this process: a message goes out redacted, or a refusal without any of it does. */
class CamelSwitchTest {
    /** What the two ends of the route got of one response; null if nothing came. */
    private record Outcome(Exchange released, Exchange refused) {
        byte[] body() {
            Exchange one = released == null ? refused : released;
            return one.getMessage().getBody(byte[].class);
        }

        String disposition() {
            Exchange one = released == null ? refused : released;
            return one.getMessage().getHeader("disposition", String.class);
        }
    }

    private static Outcome route(RedactionFilter filter, DisclosureLog log, byte[] response, String requester)
            throws Exception {
        return route(filter, log, response, Map.of("requester", requester, "purpose", "C"));
    }

    private static Outcome route(
            RedactionFilter filter, DisclosureLog log, byte[] response, Map<String, Object> headers) throws Exception {
        try (CamelContext context = new DefaultCamelContext()) {
            context.addRoutes(new CamelSwitch(filter, log));
            context.start();
            try (ProducerTemplate producer = context.createProducerTemplate();
                    ConsumerTemplate consumer = context.createConsumerTemplate()) {
                producer.sendBodyAndHeaders("seda:responses", response, headers);
                Exchange released = null;
                Exchange refused = null;
                for (int attempt = 0; attempt < 100 && released == null && refused == null; attempt++) {
                    released = consumer.receive("seda:released", 50);
                    refused = consumer.receive("seda:refused", 50);
                }
                return new Outcome(released, refused);
            }
        }
    }

    private static void isRefused(Outcome outcome) {
        assertNull(outcome.released);
        assertNotNull(outcome.refused);
        assertEquals("WITHHELD", outcome.disposition());
        assertTrue(Cases.hasNothingOfTheMessage(outcome.body()));
    }

    @Test
    void whatThePolicyPermitsIsForwarded() throws Exception {
        try (RedactionFilter filter = RedactionFilter.builder().build();
                DisclosureLog log = DisclosureLog.open(Cases.newLog("camel.ndjson"), filter)) {
            Outcome outcome = route(filter, log, Cases.response(), "AZ0070000");
            assertNotNull(outcome.released);
            assertNull(outcome.refused);
            assertEquals("REDACTED", outcome.disposition());
            assertTrue(Cases.isRedacted(outcome.body()));
            // A plain query states no purpose.
            Outcome plain = route(filter, log, Cases.response(), Map.of("requester", "AZ0070000"));
            assertTrue(Cases.isRedacted(plain.body()));
            isRefused(route(filter, log, Cases.brokenResponse(), "AZ0070000"));
            isRefused(route(filter, log, Cases.response(), Map.of("purpose", "C")));
            // An exception.
            isRefused(route(filter, log, Cases.response(), "nobody"));
        }
    }

    @Test
    void aLogThatCannotBeWrittenForwardsNothing() throws Exception {
        try (RedactionFilter filter = RedactionFilter.builder().build()) {
            DisclosureLog log = DisclosureLog.open(Cases.newLog("camel-full.ndjson"), filter);
            Cases.limitFiles("1");
            try {
                isRefused(route(filter, log, Cases.response(), "AZ0070000"));
            } finally {
                Cases.limitFiles("unlimited");
            }
            isRefused(route(filter, log, Cases.response(), "AZ0070000"));
            assertThrows(IOException.class, log::close);
        }
    }

    /** A policy that is broken while it works: the one so far stays. Then one that permits nothing. */
    @Test
    void aBrokenPolicyLeavesTheOneSoFar() throws Exception {
        try (RedactionFilter filter = RedactionFilter.builder().build();
                DisclosureLog log = DisclosureLog.open(Cases.newLog("camel-policy.ndjson"), filter)) {
            assertThrows(ConfigurationException.class, () -> filter.swap(Cases.BROKEN, log));
            assertTrue(Cases.isRedacted(
                    route(filter, log, Cases.response(), "AZ0070000").body()));
            filter.swap(Cases.NOTHING, log);
            isRefused(route(filter, log, Cases.response(), "AZ0070000"));
        }
    }

    @Test
    void aFilterThatIsClosedForwardsNothing() throws Exception {
        RedactionFilter filter = RedactionFilter.builder().build();
        try (DisclosureLog log = DisclosureLog.open(Cases.newLog("camel-closed.ndjson"), filter)) {
            filter.close();
            isRefused(route(filter, log, Cases.response(), "AZ0070000"));
        }
    }
}
