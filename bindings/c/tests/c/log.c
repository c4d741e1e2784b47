/* The disclosure log: log ROOT FOLDER. `FOLDER/disclosures.ndjson` is for `dmv-redact log verify`. */
#include <signal.h>
#include <sys/resource.h>

#include "check.h"

static contents message;
static dmvr_request *request;
static dmvr_redaction *redaction;

static void redact(dmvr_filter *filter, int number) {
  char id[32];
  snprintf(id, sizeof id, "7f3a-%d", number);
  OK(dmvr_request_clear(request));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, "AZ0070000"));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_PURPOSE, "C"));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_CORRELATION_ID, id));
  OK(dmvr_redact(filter, request, message.data, message.length, redaction));
}

static void nothing_goes_out(void) {
  dmvr_text text;
  RETURNS(NOTHING, dmvr_redaction_output(redaction, &text));
  CHECK(!text.data && text.length == 0);
}

static void limit_files(rlim_t bytes) {
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
  limit.rlim_cur = bytes;
  CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

int main(int count, char **arguments) {
  CHECK(count == 3);
  const char *root = arguments[1];
  char path[4096], missing[4096], key[4096], policy[4096];
  snprintf(path, sizeof path, "%s/disclosures.ndjson", arguments[2]);
  snprintf(missing, sizeof missing, "%s/no/such/folder/log", arguments[2]);
  snprintf(key, sizeof key, "%s/no-key", arguments[2]);
  snprintf(policy, sizeof policy, "%s/policies/massachusetts.toml", root);
  message = read_file(root, "fixtures/dr-in-state-police/message.xml");
  dmvr_filter *filter = filter_of(NULL);
  dmvr_log *log;
  dmvr_log_head head;
  dmvr_log_options options = {0};
  dmvr_text output;
  int sent = 0;
  OK(dmvr_request_new(&request));
  OK(dmvr_redaction_new(&redaction));

  RETURNS(NULL, dmvr_log_open(NULL, filter, NULL, &log));
  RETURNS(NULL, dmvr_log_open(path, filter, NULL, NULL));
  RETURNS(WRONG_HANDLE, dmvr_log_open(path, (dmvr_filter *)request, NULL, &log));
  RETURNS(IO, dmvr_log_open(missing, filter, NULL, &log));
  CHECK(!log);
  options.key_path = key;
  CHECK(dmvr_log_open(path, filter, &options, &log) != DMVR_CODE_OK && !log);

  options.key_path = NULL;
  options.service = "switch-1";
  OK(dmvr_log_open(path, filter, &options, &log));
  RETURNS(NOTHING, dmvr_log_append(log, "line 1", NULL, request, redaction));
  for (; sent < 50; sent++) {
    redact(filter, sent);
    OK(dmvr_log_append(log, "line 1", NULL, request, redaction));
    OK(dmvr_redaction_output(redaction, &output));
    CHECK(output.length > 0);
  }

  /* Not on record: nothing goes out. */
  redact(filter, sent);
  RETURNS(NULL, dmvr_log_append(NULL, "line 1", NULL, request, redaction));
  nothing_goes_out();
  redact(filter, sent);
  RETURNS(NULL, dmvr_log_append(log, NULL, NULL, request, redaction));
  nothing_goes_out();
  redact(filter, sent);
  RETURNS(NOT_UTF8, dmvr_log_append(log, "line 1", "\xff", request, redaction));
  nothing_goes_out();
  redact(filter, sent);
  RETURNS(INVALID, dmvr_request_set(request, DMVR_ATTRIBUTE_CORRELATION_ID, "another"));
  /* What it says now isn't what decided. */
  redact(filter, sent);
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_CLAIM, "approved"));
  RETURNS(INVALID, dmvr_log_append(log, "line 1", NULL, request, redaction));
  nothing_goes_out();

  /* Another policy, on record. */
  dmvr_config *config;
  OK(dmvr_config_new(&config));
  OK(dmvr_config_path(config, DMVR_PART_POLICY, policy));
  OK(dmvr_filter_swap(filter, config, log));
  OK(dmvr_config_free(config));
  for (; sent < 100; sent++) {
    redact(filter, sent);
    OK(dmvr_log_append(log, "line 1", "message-7", request, redaction));
  }

  /* The disk is full. */
  CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
  limit_files(4096);
  redact(filter, sent);
  RETURNS(IO, dmvr_log_append(log, "line 1", NULL, request, redaction));
  nothing_goes_out();
  limit_files(RLIM_INFINITY);
  redact(filter, sent);
  RETURNS(IO, dmvr_log_append(log, "line 1", NULL, request, redaction));
  nothing_goes_out();
  OK(dmvr_log_free(log));

  OK(dmvr_log_open(path, filter, NULL, &log));
  redact(filter, sent);
  OK(dmvr_log_append(log, "line 1", NULL, request, redaction));
  OK(dmvr_log_end(log, &head));
  CHECK(head.sequence > 100 && strlen(head.hash) == 64);
  RETURNS(NOTHING, dmvr_log_end(log, NULL));
  redact(filter, sent);
  RETURNS(NOTHING, dmvr_log_append(log, "line 1", NULL, request, redaction));
  nothing_goes_out();
  OK(dmvr_log_free(log));
  RETURNS(WRONG_HANDLE, dmvr_log_free(log));
  OK(dmvr_redaction_free(redaction));
  OK(dmvr_request_free(request));
  OK(dmvr_filter_free(filter));
  free(message.data);
  printf("log: %d messages, last line %llu\n", sent + 1, (unsigned long long)head.sequence);
  return 0;
}
