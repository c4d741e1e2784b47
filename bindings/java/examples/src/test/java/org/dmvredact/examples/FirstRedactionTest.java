package org.dmvredact.examples;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What docs/java.md begins with. */
class FirstRedactionTest {
    @Test
    void p12WhatItPrintsIsOnRecord() throws Exception {
        Path log = Cases.newLog("first.ndjson");
        String[] arguments = {
            Cases.ROOT.resolve("fixtures/dr-in-state-police/message.xml").toString(),
            Cases.ROOT.resolve("policies/example-state.toml").toString(),
            log.toString()
        };
        PrintStream stdout = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            FirstRedaction.main(arguments);
        } finally {
            System.setOut(stdout);
        }
        String output = printed.toString(StandardCharsets.UTF_8);
        assertTrue(output.contains(Cases.RELEASED));
        assertFalse(output.contains(Cases.REMOVED));
        assertTrue(Files.readString(log).contains("\"correlation-id\":\"7f3a-0042\""));
    }
}
