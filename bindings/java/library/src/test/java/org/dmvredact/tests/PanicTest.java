package org.dmvredact.tests;

import static org.dmvredact.tests.Fixtures.MESSAGE;
import static org.dmvredact.tests.Fixtures.police;
import static org.dmvredact.tests.Fixtures.utf8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.dmvredact.ConfigurationException;
import org.dmvredact.InternalRedactionException;
import org.dmvredact.Redaction;
import org.dmvredact.RedactionFilter;
import org.junit.jupiter.api.Test;

/** A panic in the core is an exception, and the next call works. With the feature {@code planted-panic}. */
class PanicTest {
    @Test
    void aPanicReleasesNothing() throws ConfigurationException {
        byte[] bad = utf8("panic! CANARY");
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
        try (RedactionFilter filter = Fixtures.baseline()) {
            for (int round = 0; round < 100; round++) {
                for (InternalRedactionException error : new InternalRedactionException[] {
                    assertThrows(InternalRedactionException.class, () -> filter.redact(bad, police())),
                    assertThrows(InternalRedactionException.class, () -> filter.redact(bad, police(), buffer)),
                    assertThrows(InternalRedactionException.class, () -> filter.redact(Fixtures.direct(bad), police())),
                }) {
                    assertTrue(error.getMessage().contains("redaction.rs"), error.getMessage());
                    assertFalse(error.getMessage().contains("CANARY"));
                }
                assertEquals(0, buffer.position());
                for (int i = 0; i < 64; i++) {
                    assertEquals(0, buffer.get(i));
                }
                try (Redaction redaction = filter.redact(MESSAGE, police())) {
                    String output = new String(redaction.output().orElseThrow(), StandardCharsets.UTF_8);
                    assertTrue(output.contains("JORDAN") && !output.contains("CANARY"));
                }
            }
        }
    }
}
