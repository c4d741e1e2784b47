package org.dmvredact.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import org.dmvredact.ConfigurationException;
import org.dmvredact.Disposition;
import org.dmvredact.Receipt;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.dmvredact.Request;
import org.junit.jupiter.api.Test;

/** Each field of a receipt says what its JSON says. */
class ReceiptTest {
    private static void has(String json, String part) {
        assertTrue(json.contains(part), () -> part + " isn't in " + json);
    }

    @Test
    void ofARelease() throws ConfigurationException {
        Request request = Request.builder().requester("AZ0070000").purpose("C").correlationId("7f3a-1").build();
        try (RedactionFilter filter = Fixtures.policy("example-state.toml").build()) {
            Redaction redaction = filter.redact(Fixtures.MESSAGE, request);
            Receipt receipt = redaction.receipt();
            String json = receipt.toJson();
            assertEquals(Disposition.REDACTED, receipt.disposition());
            assertTrue(receipt.reason().isEmpty() && receipt.detail().isEmpty() && receipt.offset().isEmpty());
            has(json, "\"format\":\"" + receipt.format().orElseThrow() + "\"");
            has(json, "\"message-type\":\"" + receipt.messageType().orElseThrow() + "\"");
            assertEquals(Optional.of("AZ0070000"), receipt.requester());
            assertEquals(Optional.of("7f3a-1"), receipt.correlationId());
            has(json, receipt.policy().sha256());
            assertEquals(64, receipt.policy().sha256().length());
            assertEquals(Fixtures.MESSAGE.length, receipt.bytesIn());
            assertEquals(redaction.output().orElseThrow().length, receipt.bytesOut());
            assertFalse(receipt.rules().isEmpty() || receipt.agencyClasses().isEmpty());
            receipt.rules().forEach(rule -> has(json, "\"" + rule + "\""));
            receipt.agencyClasses().forEach(name -> has(json, "\"" + name + "\""));
            assertTrue(receipt.elements().stream().anyMatch(element -> element.removed() > 0));
            for (Receipt.Element element : receipt.elements()) {
                has(json, "\"" + element.id() + "\"");
            }
            for (Receipt.Images images : receipt.images()) {
                has(json, "\"" + images.kind() + "\":" + images.count());
            }
            has(json, "\"unmapped\":" + receipt.unmapped());
            assertEquals("REDACTED", receipt.toString());

            redaction.close();
            redaction.close();
            assertFalse(receipt.elements().isEmpty());
            assertTrue(redaction.output().isPresent());
            assertThrows(IllegalStateException.class, receipt::toJson);
        }
    }

    @Test
    void ofARefusal() throws ConfigurationException {
        byte[] broken = Fixtures.utf8(new String(Fixtures.MESSAGE, StandardCharsets.UTF_8).replace("JORDAN", "JORDAN & CANARY"));
        try (RedactionFilter filter = Fixtures.baseline(); Redaction redaction = filter.redact(broken, Fixtures.police())) {
            Receipt receipt = redaction.receipt();
            assertEquals(Disposition.WITHHELD, receipt.disposition());
            assertEquals(Optional.of("not-well-formed-xml"), receipt.reason());
            assertTrue(receipt.offset().isPresent());
            assertTrue(receipt.elements().isEmpty() && receipt.images().isEmpty());
            assertEquals(0, receipt.bytesOut());
            assertEquals(0, redaction.written());
            assertTrue(redaction.output().isEmpty());
            assertFalse(receipt.toJson().contains("CANARY") || receipt.toString().contains("CANARY"));
        }
    }

    @Test
    void itsDuties() throws ConfigurationException {
        Request request = Request.builder()
                .requester("AZ0070000")
                .purpose("C")
                .claim("approved")
                .date(LocalDate.of(2026, 12, 1))
                .build();
        byte[] policy = Fixtures.utf8("""
                [policy]
                name = "test"
                version = "1"
                purposes = ["C"]
                claims = ["approved"]
                [agencies.all]
                ori = ["*"]
                [[permit]]
                id = "names"
                agencies = ["all"]
                elements = ["person.name"]
                [[duty]]
                id = "tell"
                agencies = ["all"]
                do = "report"
                to = "the commission"
                due = "1 month"
                """);
        try (RedactionFilter filter = RedactionFilter.builder().policy("test.toml", policy).build();
                Redaction redaction = filter.redact(Fixtures.MESSAGE, request)) {
            assertEquals(Optional.of(LocalDate.of(2026, 12, 1)), redaction.receipt().date());
            assertEquals(
                    List.of(new Receipt.Duty("tell", "report", "the commission", false, LocalDate.of(2027, 1, 1))),
                    redaction.receipt().duties());
        }
    }
}
