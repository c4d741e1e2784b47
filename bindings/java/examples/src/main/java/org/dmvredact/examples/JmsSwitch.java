package org.dmvredact.examples;

import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import org.dmvredact.DisclosureLog;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;

/**
 * A message switch on JMS: takes responses from the queue {@code responses}, redacts each for who asked, records it, and
 * forwards what may go out to the queue {@code released}. Of a message that doesn't go out, a notice without any of it goes there.
 *
 * <p>Everything is in one transaction a message. Whatever fails before the end, by any exception, rolls it back: nothing was
 * forwarded, and the message is on its queue again; after some tries the broker puts it aside.
 */
final class JmsSwitch implements AutoCloseable {
    private final Connection connection;
    private final Session session;
    private final MessageConsumer responses;
    private final MessageProducer released;
    private final RedactionFilter filter;
    private final DisclosureLog log;

    JmsSwitch(ConnectionFactory factory, RedactionFilter filter, DisclosureLog log) throws JMSException {
        this.filter = filter;
        this.log = log;
        connection = factory.createConnection();
        session = connection.createSession(Session.SESSION_TRANSACTED);
        responses = session.createConsumer(session.createQueue("responses"));
        released = session.createProducer(session.createQueue("released"));
        connection.start();
    }

    /**
     * Does one message.
     *
     * @param timeout how long it waits for one, in milliseconds
     * @return whether there was one
     * @throws IOException if it can't be recorded: open the log again before you go on
     */
    boolean forwardOne(long timeout) throws JMSException, IOException {
        Message message = responses.receive(timeout);
        if (message == null) {
            return false;
        }
        boolean isDone = false;
        try {
            released.send(answer(message));
            session.commit();
            isDone = true;
        } finally {
            if (!isDone) {
                session.rollback();
            }
        }
        return true;
    }

    // docs: answer
    private Message answer(Message message) throws JMSException, IOException {
        // The switch's own properties, which it set when the query came; never the message's content. A plain query has no purpose.
        Request request;
        try {
            request = Request.builder()
                    .requester(message.getStringProperty("requester"))
                    .purpose(message.getStringProperty("purpose"))
                    .correlationId(message.getJMSCorrelationID())
                    .build();
        } catch (IllegalArgumentException error) {
            return addressed(session.createMessage(), message, "WITHHELD");
        }
        byte[] response = message.getBody(byte[].class);
        try (Redaction redaction = filter.redact(response, request)) {
            log.append("responses", message.getJMSMessageID(), redaction);
            Message answer = redaction.output().isPresent() ? bytes(redaction.output().get()) : session.createMessage();
            return addressed(answer, message, redaction.receipt().disposition().toString());
        }
    }
    // docs: end

    private static Message addressed(Message answer, Message to, String disposition) throws JMSException {
        answer.setJMSCorrelationID(to.getJMSCorrelationID());
        answer.setStringProperty("disposition", disposition);
        return answer;
    }

    private Message bytes(byte[] body) throws JMSException {
        BytesMessage message = session.createBytesMessage();
        message.writeBytes(body);
        return message;
    }

    @Override
    public void close() throws JMSException {
        connection.close();
    }
}
