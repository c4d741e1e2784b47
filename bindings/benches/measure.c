/* What a message costs in C: measure FILE..., each with nanoseconds of processor time; or measure --calls N FILE. */
#include <time.h>

#include "../c/tests/c/check.h"

static dmvr_filter *filter;
static dmvr_request *request;
static dmvr_redaction *redaction;
static volatile size_t sink;

/* As a switch does: the request is stated anew. */
static void redact(contents message, long calls) {
  for (long i = 0; i < calls; i++) {
    dmvr_receipt receipt;
    dmvr_text output;
    OK(dmvr_request_clear(request));
    OK(dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, "AZ0070000"));
    OK(dmvr_request_set(request, DMVR_ATTRIBUTE_PURPOSE, "C"));
    OK(dmvr_redact(filter, request, message.data, message.length, redaction));
    OK(dmvr_receipt_get(redaction, &receipt));
    OK(dmvr_redaction_output(redaction, &output));
    sink += output.length + (size_t)receipt.releases;
  }
}

static double used(void) {
  struct timespec time;
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
  CHECK(count > 1);
  filter = filter_of(NULL);
  OK(dmvr_request_new(&request));
  OK(dmvr_redaction_new(&redaction));
  if (strcmp(arguments[1], "--calls") == 0) {
    CHECK(count == 4);
    redact(read_file("", arguments[3]), atol(arguments[2]));
    return 0;
  }
  for (int i = 1; i < count; i++) {
    contents message = read_file("", arguments[i]);
    redact(message, 1000);
    double began = used();
    long calls = 0;
    for (; used() - began < 1; calls += 1000) redact(message, 1000);
    printf("%s %.0f\n", arguments[i], (used() - began) * 1e9 / (double)calls);
    free(message.data);
  }
  return 0;
}
