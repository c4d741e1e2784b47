/* What the tests share: checks that name their place, files, and SHA-256. */
#ifndef CHECK_H
#define CHECK_H

#include <dmv_redact.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
  do { \
    if (!(condition)) fail(__FILE__, __LINE__, #condition); \
  } while (0)
/* What a call returns. */
#define RETURNS(code, call) CHECK((call) == DMVR_CODE_##code)
#define OK(call) RETURNS(OK, call)

static void fail(const char *file, int line, const char *what) {
  dmvr_error last;
  fprintf(stderr, "%s:%d: %s\n", file, line, what);
  if (dmvr_last_error(&last) == DMVR_CODE_OK) fprintf(stderr, "  code %d: %s\n", (int)last.code, last.message);
  exit(1);
}

typedef struct {
  uint8_t *data;
  size_t length;
} contents;

/* A file of the repository. Each has memory of its own size, so that reading past its end is found. */
static inline contents read_file(const char *root, const char *name) {
  char path[4096];
  contents read = {NULL, 0};
  snprintf(path, sizeof path, "%s/%s", root, name);
  FILE *file = fopen(path, "rb");
  if (!file) perror(path);
  CHECK(file && fseek(file, 0, SEEK_END) == 0);
  read.length = (size_t)ftell(file);
  rewind(file);
  read.data = malloc(read.length + 1);
  CHECK(read.data && fread(read.data, 1, read.length, file) == read.length);
  read.data = realloc(read.data, read.length);
  fclose(file);
  return read;
}

static inline dmvr_filter *filter_of(const char *policy) {
  dmvr_config *config;
  dmvr_filter *filter;
  OK(dmvr_config_new(&config));
  if (policy) OK(dmvr_config_path(config, DMVR_PART_POLICY, policy));
  OK(dmvr_filter_new(config, &filter));
  OK(dmvr_config_free(config));
  return filter;
}

/* A request of a police department for the purpose `C`. */
static inline dmvr_request *police(void) {
  dmvr_request *request;
  OK(dmvr_request_new(&request));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, "AZ0070000"));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_PURPOSE, "C"));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_DATE, "2026-12-01"));
  return request;
}

static inline int text_is(dmvr_text text, const char *expected) {
  return text.length == strlen(expected) && (text.length == 0 || memcmp(text.data, expected, text.length) == 0);
}

static inline int contains(dmvr_text text, const char *part) {
  for (size_t at = 0; at + strlen(part) <= text.length; at++)
    if (memcmp(text.data + at, part, strlen(part)) == 0) return 1;
  return 0;
}

#endif
