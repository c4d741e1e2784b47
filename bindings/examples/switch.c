/* A message switch on one page: it takes messages from stdin, redacts them, records them, and forwards them to stdout.
 *
 *   cc -std=c99 switch.c $(pkg-config --cflags --libs dmv_redact) -o switch
 *   switch POLICY LOG <queue >line
 *
 * A message in the queue is a line `ORI PURPOSE ID LENGTH`, then so many bytes; a purpose of `-` is none. On the line it is
 * `ID LENGTH`, then so many bytes: 0 if nothing may go out. What the switch sends comes from `dmvr_redaction_output` alone, after
 * the record is on disk. Killed, without memory, without disk, with a broken policy: it sends nothing. SIGHUP loads the policy again. */
#define _POSIX_C_SOURCE 200809L
#include <dmv_redact.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_MESSAGE = 16 << 20 };

static volatile sig_atomic_t policy_changed;

static void on_hangup(int signal) { (void)signal, policy_changed = 1; }

/* Whether a call did its work. If not, stderr has why: never a value of the message. */
static int done(const char *what, dmvr_code code) {
  dmvr_error error;
  if (code == DMVR_CODE_OK) return 1;
  if (dmvr_last_error(&error) != DMVR_CODE_OK) return fprintf(stderr, "switch: %s: code %d\n", what, (int)code), 0;
  return fprintf(stderr, "switch: %s: %s\n", what, error.message), 0;
}

static int state(dmvr_request *request, const char *ori, const char *purpose, const char *id) {
  return done("request", dmvr_request_clear(request)) &&
         done("requester", dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, ori)) &&
         done("id", dmvr_request_set(request, DMVR_ATTRIBUTE_CORRELATION_ID, id)) &&
         (!strcmp(purpose, "-") || done("purpose", dmvr_request_set(request, DMVR_ATTRIBUTE_PURPOSE, purpose)));
}

int main(int count, char **arguments) {
  dmvr_config *config;
  dmvr_filter *filter;
  dmvr_log *log;
  dmvr_request *request;
  dmvr_redaction *redaction;
  char ori[10], purpose[9], id[65];
  unsigned char *message = malloc(MAX_MESSAGE);
  unsigned long length;

  if (count != 3 || !message) return fprintf(stderr, "usage: switch POLICY LOG <queue >line\n"), 2;
  if (!done("configuration", dmvr_config_new(&config)) ||
      !done("policy", dmvr_config_path(config, DMVR_PART_POLICY, arguments[1])) ||
      !done("policy", dmvr_filter_new(config, &filter)) || !done("log", dmvr_log_open(arguments[2], filter, NULL, &log)) ||
      !done("request", dmvr_request_new(&request)) || !done("redaction", dmvr_redaction_new(&redaction)))
    return 1;
  struct sigaction hangup = {.sa_handler = on_hangup, .sa_flags = SA_RESTART};
  sigaction(SIGHUP, &hangup, NULL);

  int fields;
  while ((fields = scanf("%9s %8s %64s %lu", ori, purpose, id, &length)) == 4 && getchar() == '\n') {
    dmvr_text output = {NULL, 0};
    dmvr_receipt receipt;
    /* What follows can't be told from the bytes of a message that is too long: stop. */
    if (length > MAX_MESSAGE || fread(message, 1, length, stdin) != length) break;
    if (policy_changed) {
      policy_changed = 0;
      done("the policy so far stays", dmvr_filter_swap(filter, config, log));
    }
    if (state(request, ori, purpose, id) &&
        done("redact", dmvr_redact(filter, request, message, length, redaction)) &&
        done("log", dmvr_log_append(log, "line 1", NULL, request, redaction)) &&
        done("receipt", dmvr_receipt_get(redaction, &receipt))) {
      if (!receipt.releases) fprintf(stderr, "switch: %s: %.*s\n", id, (int)receipt.reason.length, (const char *)receipt.reason.data);
      if (!done("output", dmvr_redaction_output(redaction, &output))) output.length = 0;
    }
    printf("%s %lu\n", id, (unsigned long)output.length);
    if (output.length) fwrite(output.data, 1, output.length, stdout);
    if (fflush(stdout) || ferror(stdout)) return perror("switch: line"), 1;
  }
  int is_end = fields == EOF && !ferror(stdin);
  if (!is_end) fprintf(stderr, "switch: the queue has something else than messages\n");
  is_end &= done("log", dmvr_log_end(log, NULL));
  dmvr_log_free(log), dmvr_redaction_free(redaction), dmvr_request_free(request), dmvr_filter_free(filter), dmvr_config_free(config);
  free(message);
  return is_end ? 0 : 1;
}
