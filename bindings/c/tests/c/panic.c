/* A panic in the core is a code, and the next call works: panic ROOT, with the feature `planted-panic`. */
#include "check.h"

int main(int count, char **arguments) {
  CHECK(count == 2);
  contents message = read_file(arguments[1], "fixtures/dr-in-state-police/message.xml");
  dmvr_filter *filter = filter_of(NULL);
  dmvr_request *request = police();
  dmvr_redaction *redaction;
  dmvr_error last;
  dmvr_receipt receipt;
  dmvr_text output, json;
  uint8_t buffer[64];
  size_t written;
  static const uint8_t bad[] = "panic! CANARY";
  OK(dmvr_redaction_new(&redaction));
  for (int round = 0; round < 100; round++) {
    memset(buffer, 0xA5, sizeof buffer);
    RETURNS(PANIC, dmvr_redact_into(filter, request, bad, sizeof bad, buffer, sizeof buffer, &written, redaction));
    CHECK(written == 0);
    for (size_t i = 0; i < sizeof buffer; i++) CHECK(buffer[i] == 0xA5);
    OK(dmvr_last_error(&last));
    CHECK(last.code == DMVR_CODE_PANIC && strstr(last.message, "redaction.rs") && !strstr(last.message, "CANARY"));
    RETURNS(NOTHING, dmvr_redaction_output(redaction, &output));
    RETURNS(NOTHING, dmvr_receipt_get(redaction, &receipt));
    RETURNS(NOTHING, dmvr_receipt_json(redaction, &json));
    OK(dmvr_redact(filter, request, message.data, message.length, redaction));
    OK(dmvr_redaction_output(redaction, &output));
    CHECK(output.length > 0 && contains(output, "JORDAN") && !contains(output, "CANARY"));
  }
  OK(dmvr_redaction_free(redaction));
  OK(dmvr_request_free(request));
  OK(dmvr_filter_free(filter));
  free(message.data);
  puts("panic: 100 panics");
  return 0;
}
