/* What a call costs in C: bench ROOT MESSAGE...: name of the message, nanoseconds of processor time. And whether memory grows:
 * bench ROOT --memory CALLS MESSAGE... */
#include <time.h>
#include <unistd.h>

#include "../tests/c/check.h"

static dmvr_filter *filter;
static dmvr_request *request;
static dmvr_redaction *redaction;
static volatile size_t sink;

static void redact(contents message, int calls) {
  for (int i = 0; i < calls; i++) {
    dmvr_receipt receipt;
    dmvr_text output;
    OK(dmvr_redact(filter, request, message.data, message.length, redaction));
    OK(dmvr_receipt_get(redaction, &receipt));
    OK(dmvr_redaction_output(redaction, &output));
    sink += output.length + (size_t)receipt.releases;
  }
}

/* What this process had of a processor, in seconds: others on the machine don't count. */
static double now(void) {
  struct timespec time;
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long resident_kilobytes(void) {
  long all, resident;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file && fscanf(file, "%ld %ld", &all, &resident) == 2);
  fclose(file);
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* All handles anew every thousand calls, and the request for each. */
static void memory(const char *root, long calls, char **names, int count) {
  contents messages[16];
  CHECK(count <= 16);
  for (int i = 0; i < count; i++) messages[i] = read_file(root, names[i]);
  for (long i = 0; i < calls; i++) {
    if (i % 1000 == 0) {
      OK(dmvr_request_free(request));
      OK(dmvr_redaction_free(redaction));
      request = police();
      OK(dmvr_redaction_new(&redaction));
    }
    OK(dmvr_request_clear(request));
    OK(dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, "AZ0070000"));
    OK(dmvr_request_set(request, DMVR_ATTRIBUTE_CORRELATION_ID, "7f3a-0042"));
    redact(messages[i % count], 1);
    if (i == calls / 100 || i == calls - 1) printf("after %ld calls: %ld KB resident\n", i + 1, resident_kilobytes());
  }
}

int main(int count, char **arguments) {
  CHECK(count > 2);
  const char *root = arguments[1];
  filter = filter_of(NULL);
  request = police();
  OK(dmvr_redaction_new(&redaction));
  if (strcmp(arguments[2], "--memory") == 0) {
    memory(root, atol(arguments[3]), arguments + 4, count - 4);
    return 0;
  }
  for (int i = 2; i < count; i++) {
    contents message = read_file(root, arguments[i]);
    redact(message, 1000);
    double began = now();
    long calls = 0;
    for (; now() - began < 1; calls += 1000) redact(message, 1000);
    printf("%s %.0f\n", arguments[i], (now() - began) * 1e9 / (double)calls);
    free(message.data);
  }
  return 0;
}
