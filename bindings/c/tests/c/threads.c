/* Threads on one filter whose policy is swapped meanwhile, and a thread with little stack: threads ROOT SWAPS. */
#include <pthread.h>
#include <time.h>

#include "check.h"

enum { THREADS = 8 };

static char first_policy[4096], second_policy[4096];
static contents message;
static dmvr_filter *filter;
static int is_over;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int is_done(void) {
  pthread_mutex_lock(&mutex);
  int done = is_over;
  pthread_mutex_unlock(&mutex);
  return done;
}

/* What one policy makes of the message: the output, then the receipt. */
typedef struct {
  uint8_t bytes[1 << 16];
  size_t length;
} outcome;

static outcome expected[2];

static void outcome_of(const dmvr_filter *of, dmvr_request *request, dmvr_redaction *redaction, outcome *is) {
  dmvr_text output, json;
  OK(dmvr_redact(of, request, message.data, message.length, redaction));
  OK(dmvr_redaction_output(redaction, &output));
  OK(dmvr_receipt_json(redaction, &json));
  CHECK(output.length > 0 && output.length + json.length <= sizeof is->bytes);
  memcpy(is->bytes, output.data, output.length);
  memcpy(is->bytes + output.length, json.data, json.length);
  is->length = output.length + json.length;
}

static void *redacts(void *counts) {
  dmvr_request *request = police();
  dmvr_redaction *redaction;
  outcome *is = malloc(sizeof *is);
  OK(dmvr_redaction_new(&redaction));
  do {
    int which = 0;
    outcome_of(filter, request, redaction, is);
    while (which < 2 && (is->length != expected[which].length || memcmp(is->bytes, expected[which].bytes, is->length))) which++;
    CHECK(which < 2);
    ((long *)counts)[which]++;
    /* The thread that swaps needs a processor too. */
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  } while (!is_done());
  free(is);
  OK(dmvr_redaction_free(redaction));
  OK(dmvr_request_free(request));
  return NULL;
}

static void swaps(int count) {
  pthread_t threads[THREADS];
  long counts[THREADS][2] = {{0}}, all[2] = {0};
  dmvr_config *configs[2];
  for (int i = 0; i < 2; i++) {
    dmvr_filter *alone = filter_of(i ? second_policy : first_policy);
    dmvr_request *request = police();
    dmvr_redaction *redaction;
    OK(dmvr_redaction_new(&redaction));
    outcome_of(alone, request, redaction, &expected[i]);
    OK(dmvr_redaction_free(redaction));
    OK(dmvr_request_free(request));
    OK(dmvr_filter_free(alone));
    OK(dmvr_config_new(&configs[i]));
    OK(dmvr_config_path(configs[i], DMVR_PART_POLICY, i ? second_policy : first_policy));
  }
  CHECK(expected[0].length != expected[1].length);
  OK(dmvr_filter_new(configs[0], &filter));
  is_over = 0;
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, redacts, counts[i]) == 0);
  dmvr_config *broken;
  OK(dmvr_config_new(&broken));
  OK(dmvr_config_bytes(broken, DMVR_PART_POLICY, "broken", (const uint8_t *)"?", 1));
  for (int i = 1; i <= count; i++) {
    OK(dmvr_filter_swap(filter, configs[i % 2], NULL));
    RETURNS(CONFIG, dmvr_filter_swap(filter, broken, NULL));
  }
  pthread_mutex_lock(&mutex);
  is_over = 1;
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    for (int which = 0; which < 2; which++) all[which] += counts[i][which];
  }
  CHECK(all[0] > 0 && all[1] > 0);
  printf("threads: %d swaps, %ld messages by one policy, %ld by the other\n", count, all[0], all[1]);
  OK(dmvr_config_free(broken));
  for (int i = 0; i < 2; i++) OK(dmvr_config_free(configs[i]));
  OK(dmvr_filter_free(filter));
}

static void *builds(void *config) {
  dmvr_filter *built;
  dmvr_code code = DMVR_CODE_IN_USE;
  while (code == DMVR_CODE_IN_USE) code = dmvr_filter_new(config, &built);
  OK(code);
  OK(dmvr_filter_free(built));
  pthread_mutex_lock(&mutex);
  is_over = 1;
  pthread_mutex_unlock(&mutex);
  return NULL;
}

/* A handle that is for one thread at a time, used by two. */
static void in_use(void) {
  pthread_t thread;
  dmvr_config *config;
  int refused = 0;
  OK(dmvr_config_new(&config));
  is_over = 0;
  CHECK(pthread_create(&thread, NULL, builds, config) == 0);
  while (!is_done() && !refused) {
    dmvr_code code = dmvr_config_option(config, "limit", "depth=100");
    CHECK(code == DMVR_CODE_OK || code == DMVR_CODE_IN_USE);
    refused = code == DMVR_CODE_IN_USE;
    /* Or valgrind, which runs one thread at a time, may stop this one in the middle of a call each time. */
    nanosleep(&(struct timespec){0, 100000}, NULL);
  }
  CHECK(pthread_join(thread, NULL) == 0 && refused);
  OK(dmvr_config_free(config));
}

/* Everything from the first call on. */
static void *works(void *unused) {
  (void)unused;
  dmvr_filter *own = filter_of(first_policy);
  dmvr_request *request = police();
  dmvr_redaction *redaction;
  dmvr_text output;
  OK(dmvr_redaction_new(&redaction));
  OK(dmvr_redact(own, request, message.data, message.length, redaction));
  OK(dmvr_redaction_output(redaction, &output));
  CHECK(output.length > 0);
  OK(dmvr_redaction_free(redaction));
  OK(dmvr_request_free(request));
  OK(dmvr_filter_free(own));
  return NULL;
}

static void little_stack(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 128 * 1024) == 0);
  CHECK(pthread_create(&thread, &attributes, works, NULL) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
}

int main(int count, char **arguments) {
  CHECK(count == 3);
  snprintf(first_policy, sizeof first_policy, "%s/policies/massachusetts.toml", arguments[1]);
  snprintf(second_policy, sizeof second_policy, "%s/policies/example-state.toml", arguments[1]);
  message = read_file(arguments[1], "fixtures/dr-in-state-police/message.xml");
  little_stack();
  in_use();
  swaps(atoi(arguments[2]));
  free(message.data);
  return 0;
}
