package org.dmvredact.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.jms.BytesMessage;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSConsumer;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSProducer;
import jakarta.jms.Message;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.dmvredact.ConfigurationException;
import org.dmvredact.DisclosureLog;
import org.dmvredact.RedactionFilter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The switch on a broker in this process: a message goes out redacted, or stays on its queue; never as it came. */
class JmsSwitchTest {
    private final EmbeddedActiveMQ broker = new EmbeddedActiveMQ();
    private ConnectionFactory factory;

    @BeforeEach
    void start() throws Exception {
        ConfigurationImpl configuration = new ConfigurationImpl();
        configuration.setPersistenceEnabled(false).setSecurityEnabled(false);
        configuration.setJournalDirectory(Cases.WORK.resolve("broker").toString());
        configuration.addAcceptorConfiguration("here", "vm://0");
        for (String queue : new String[] {"responses", "released", "dead"}) {
            configuration.addQueueConfiguration(QueueConfiguration.of(queue).setRoutingType(RoutingType.ANYCAST));
        }
        AddressSettings settings = new AddressSettings();
        settings.setMaxDeliveryAttempts(3).setDeadLetterAddress(
                SimpleString.of("dead"));
        configuration.addAddressSetting("#", settings);
        broker.setConfiguration(configuration);
        broker.start();
        factory = new ActiveMQConnectionFactory("vm://0");
    }

    @AfterEach
    void stop() throws Exception {
        broker.stop();
    }

    private void send(byte[] response, String requester) {
        send(response, requester, "C", "7f3a-1");
    }

    private void send(byte[] response, String requester, String purpose, String correlationId) {
        try (JMSContext context = factory.createContext()) {
            JMSProducer producer = context.createProducer().setProperty("requester", requester);
            if (purpose != null) {
                producer.setProperty("purpose", purpose);
            }
            producer.setJMSCorrelationID(correlationId).send(context.createQueue("responses"), response);
        }
    }

    private Message receive(String queue) {
        try (JMSContext context = factory.createContext();
                JMSConsumer consumer = context.createConsumer(context.createQueue(queue))) {
            return consumer.receive(200);
        }
    }

    private static byte[] body(Message message) throws Exception {
        return message.getBody(byte[].class);
    }

    @Test
    void whatThePolicyPermitsIsForwarded() throws Exception {
        try (RedactionFilter filter = RedactionFilter.builder().build();
                DisclosureLog log = DisclosureLog.open(Cases.newLog("jms.ndjson"), filter);
                JmsSwitch own = new JmsSwitch(factory, filter, log)) {
            assertFalse(own.forwardOne(10));
            send(Cases.response(), "AZ0070000");
            assertTrue(own.forwardOne(1000));
            Message answer = receive("released");
            assertEquals("REDACTED", answer.getStringProperty("disposition"));
            assertEquals("7f3a-1", answer.getJMSCorrelationID());
            assertTrue(Cases.isRedacted(body(answer)));

            send(Cases.brokenResponse(), "AZ0070000");
            assertTrue(own.forwardOne(1000));
            Message notice = receive("released");
            assertEquals("WITHHELD", notice.getStringProperty("disposition"));
            assertFalse(notice instanceof BytesMessage);
            assertNull(receive("responses"));
        }
    }

    /** A plain query states no purpose, and may have no id. */
    @Test
    void aPlainQueryIsAnswered() throws Exception {
        try (RedactionFilter filter = RedactionFilter.builder().build();
                DisclosureLog log = DisclosureLog.open(Cases.newLog("jms-plain.ndjson"), filter);
                JmsSwitch own = new JmsSwitch(factory, filter, log)) {
            send(Cases.response(), "AZ0070000", null, null);
            assertTrue(own.forwardOne(1000));
            Message answer = receive("released");
            assertEquals("REDACTED", answer.getStringProperty("disposition"));
            assertTrue(Cases.isRedacted(body(answer)));
        }
    }

    /** A requester that is none, or an id that is none: a notice. */
    @Test
    void aRequestThatIsNoneIsWithheld() throws Exception {
        try (RedactionFilter filter = RedactionFilter.builder().build();
                DisclosureLog log = DisclosureLog.open(Cases.newLog("jms-request.ndjson"), filter);
                JmsSwitch own = new JmsSwitch(factory, filter, log)) {
            send(Cases.response(), "nobody");
            send(Cases.response(), "AZ0070000", "C", "an id with blanks");
            for (int request = 0; request < 2; request++) {
                assertTrue(own.forwardOne(1000));
                Message notice = receive("released");
                assertEquals("WITHHELD", notice.getStringProperty("disposition"));
                assertFalse(notice instanceof BytesMessage);
            }
        }
    }

    /** A filter that is closed: an exception, on every try. Then the broker puts the message aside. */
    @Test
    void anExceptionForwardsNothing() throws Exception {
        RedactionFilter filter = RedactionFilter.builder().build();
        try (DisclosureLog log = DisclosureLog.open(Cases.newLog("jms-exception.ndjson"), filter);
                JmsSwitch own = new JmsSwitch(factory, filter, log)) {
            filter.close();
            send(Cases.response(), "AZ0070000");
            for (int attempt = 0; attempt < 3; attempt++) {
                assertThrows(IllegalStateException.class, () -> own.forwardOne(1000));
            }
            assertFalse(own.forwardOne(100));
            assertNull(receive("released"));
            assertNotNull(receive("dead"));
        }
    }

    @Test
    void aLogThatCannotBeWrittenForwardsNothing() throws Exception {
        try (RedactionFilter filter = RedactionFilter.builder().build()) {
            DisclosureLog log = DisclosureLog.open(Cases.newLog("jms-full.ndjson"), filter);
            try (JmsSwitch own = new JmsSwitch(factory, filter, log)) {
                send(Cases.response(), "AZ0070000");
                Cases.limitFiles("1");
                try {
                    assertThrows(IOException.class, () -> own.forwardOne(1000));
                } finally {
                    Cases.limitFiles("unlimited");
                }
                assertThrows(IOException.class, () -> own.forwardOne(1000));
                assertNull(receive("released"));
            }
            assertThrows(IOException.class, log::close);
            // It is on its queue: with a log that works it goes out.
            try (DisclosureLog again = DisclosureLog.open(Cases.WORK.resolve("jms-full.ndjson"), filter);
                    JmsSwitch own = new JmsSwitch(factory, filter, again)) {
                assertTrue(own.forwardOne(1000));
                assertTrue(Cases.isRedacted(body(receive("released"))));
            }
        }
    }

    /** A policy that is broken while it works: the one so far stays. Then one that permits nothing. */
    @Test
    void aBrokenPolicyLeavesTheOneSoFar() throws Exception {
        try (RedactionFilter filter = RedactionFilter.builder().build();
                DisclosureLog log = DisclosureLog.open(Cases.newLog("jms-policy.ndjson"), filter);
                JmsSwitch own = new JmsSwitch(factory, filter, log)) {
            assertThrows(ConfigurationException.class, () -> filter.swap(Cases.BROKEN, log));
            send(Cases.response(), "AZ0070000");
            assertTrue(own.forwardOne(1000));
            assertTrue(Cases.isRedacted(body(receive("released"))));

            filter.swap(Cases.NOTHING, log);
            send(Cases.response(), "AZ0070000");
            assertTrue(own.forwardOne(1000));
            Message notice = receive("released");
            assertEquals("WITHHELD", notice.getStringProperty("disposition"));
            assertFalse(notice instanceof BytesMessage);
        }
    }

    @Test
    void withoutAPolicyOrALogThereIsNoSwitch() throws Exception {
        assertThrows(
                ConfigurationException.class,
                () -> Cases.BROKEN.build());
        try (RedactionFilter filter = RedactionFilter.builder().build()) {
            assertThrows(IOException.class, () -> DisclosureLog.open(Path.of("/dev/full"), filter));
        }
    }
}
