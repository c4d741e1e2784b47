/**
 * A filter that lets through, of a driver or vehicle response, only what a policy permits the requester.
 *
 * <p>Make one {@link org.dmvredact.RedactionFilter} at start. For each response: redact it for a
 * {@link org.dmvredact.Request}, append the {@link org.dmvredact.Redaction} to the
 * {@link org.dmvredact.DisclosureLog}, then forward its output, if it has one. Whatever fails is an exception or an absent
 * output, never a message as it came.
 */
package org.dmvredact;
