/* A process that forks: the child redacts after the parent has, and the parent after the child; with threads that have worked and
 * wait. Nobody waits for a lock for ever: fork ROOT SECONDS. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static contents message;
static unsigned seconds;
static dmvr_filter *filter;

static void redacts(void) {
  dmvr_request *request = police();
  dmvr_redaction *redaction;
  dmvr_text output;
  OK(dmvr_redaction_new(&redaction));
  for (int i = 0; i < 20; i++) {
    OK(dmvr_redact(filter, request, message.data, message.length, redaction));
    OK(dmvr_redaction_output(redaction, &output));
    CHECK(output.length > 0 && contains(output, "JORDAN"));
  }
  OK(dmvr_redaction_free(redaction));
  OK(dmvr_request_free(request));
}

static void forks(void) {
  int status;
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    alarm(seconds);
    redacts();
    /* Another policy, and an end, too. */
    dmvr_config *config;
    OK(dmvr_config_new(&config));
    OK(dmvr_filter_swap(filter, config, NULL));
    OK(dmvr_config_free(config));
    redacts();
    OK(dmvr_filter_free(filter));
    free(message.data);
    /* Without the check for leaks: the threads of the parent aren't here to free what they have. */
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int pipes[2];

static void *works_and_waits(void *done) {
  char byte;
  redacts();
  CHECK(write(*(int *)done, "x", 1) == 1);
  CHECK(read(pipes[0], &byte, 1) == 1);
  redacts();
  return NULL;
}

int main(int count, char **arguments) {
  CHECK(count == 3);
  alarm(seconds = (unsigned)atoi(arguments[2]));
  message = read_file(arguments[1], "fixtures/dr-in-state-police/message.xml");
  filter = filter_of(NULL);
  forks();
  redacts();
  forks();

  pthread_t threads[4];
  int done[2];
  char byte;
  CHECK(pipe(pipes) == 0 && pipe(done) == 0);
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, works_and_waits, &done[1]) == 0);
  for (int i = 0; i < 4; i++) CHECK(read(done[0], &byte, 1) == 1);
  forks();
  CHECK(write(pipes[1], "xxxx", 4) == 4);
  for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  redacts();
  OK(dmvr_filter_free(filter));
  free(message.data);
  puts("fork: no child waits");
  return 0;
}
