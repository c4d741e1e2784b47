/* What a caller can do wrong is a code, and writes nothing: misuse ROOT. */
#include "check.h"

static dmvr_error last(void) {
  dmvr_error error;
  OK(dmvr_last_error(&error));
  return error;
}

static void handles(contents message) {
  dmvr_config *config;
  dmvr_filter *filter, *none = (dmvr_filter *)&none;
  dmvr_request *request;
  dmvr_redaction *redaction;
  dmvr_receipt receipt;
  dmvr_text text;
  uint64_t foreign[8] = {1, 2, 3, 4, 5, 6, 7, 8};

  OK(dmvr_config_new(&config));
  OK(dmvr_filter_new(config, &filter));
  OK(dmvr_request_new(&request));
  OK(dmvr_redaction_new(&redaction));
  RETURNS(NOTHING, dmvr_last_error(&(dmvr_error){0}));

  /* Null. */
  RETURNS(NULL, dmvr_last_error(NULL));
  RETURNS(NULL, dmvr_config_new(NULL));
  RETURNS(NULL, dmvr_config_path(NULL, DMVR_PART_POLICY, "policy.toml"));
  RETURNS(NULL, dmvr_config_path(config, DMVR_PART_POLICY, NULL));
  RETURNS(NULL, dmvr_config_bytes(config, DMVR_PART_POLICY, NULL, message.data, message.length));
  RETURNS(NULL, dmvr_config_bytes(config, DMVR_PART_POLICY, "name", NULL, 1));
  RETURNS(NULL, dmvr_config_option(config, NULL, "on"));
  RETURNS(NULL, dmvr_config_option(config, "limit", NULL));
  /* What was refused is lacking: this configuration makes no filter. */
  RETURNS(INVALID, dmvr_filter_new(config, &none));
  OK(dmvr_config_free(config));
  OK(dmvr_config_new(&config));
  RETURNS(NULL, dmvr_filter_new(NULL, &none));
  CHECK(!none);
  RETURNS(NULL, dmvr_filter_new(config, NULL));
  RETURNS(NULL, dmvr_filter_swap(filter, NULL, NULL));
  RETURNS(NULL, dmvr_filter_check(filter, NULL));
  RETURNS(NULL, dmvr_request_set(request, DMVR_ATTRIBUTE_PURPOSE, NULL));
  RETURNS(INVALID, dmvr_redact(filter, request, message.data, message.length, redaction));
  OK(dmvr_request_clear(request));
  RETURNS(NULL, dmvr_redact(NULL, request, message.data, message.length, redaction));
  RETURNS(NULL, dmvr_redact(filter, NULL, message.data, message.length, redaction));
  RETURNS(NULL, dmvr_redact(filter, request, NULL, 1, redaction));
  RETURNS(NULL, dmvr_redact(filter, request, message.data, message.length, NULL));
  RETURNS(NULL, dmvr_redaction_output(NULL, &text));
  RETURNS(NULL, dmvr_redaction_output(redaction, NULL));
  RETURNS(NULL, dmvr_receipt_json(NULL, &text));
  OK(dmvr_config_free(NULL));
  OK(dmvr_filter_free(NULL));
  OK(dmvr_request_free(NULL));
  OK(dmvr_redaction_free(NULL));
  OK(dmvr_log_free(NULL));

  /* Of another kind, misaligned, and not of the library. */
  RETURNS(WRONG_HANDLE, dmvr_redact((dmvr_filter *)request, request, message.data, message.length, redaction));
  RETURNS(WRONG_HANDLE, dmvr_redact(filter, (dmvr_request *)filter, message.data, message.length, redaction));
  RETURNS(WRONG_HANDLE, dmvr_redact(filter, request, message.data, message.length, (dmvr_redaction *)config));
  RETURNS(WRONG_HANDLE, dmvr_redact(filter, request, message.data, message.length, (dmvr_redaction *)foreign));
  RETURNS(WRONG_HANDLE, dmvr_request_clear((dmvr_request *)((char *)foreign + 1)));
  RETURNS(WRONG_HANDLE, dmvr_config_free((dmvr_config *)filter));
  RETURNS(WRONG_HANDLE, dmvr_log_free((dmvr_log *)filter));
  CHECK(last().code == DMVR_CODE_WRONG_HANDLE);

  /* Nothing was redacted, and a length that is no message. */
  RETURNS(NOTHING, dmvr_redaction_output(redaction, &text));
  RETURNS(NOTHING, dmvr_receipt_get(redaction, &receipt));
  RETURNS(NOTHING, dmvr_receipt_json(redaction, &text));
  RETURNS(INVALID, dmvr_redact(filter, request, message.data, SIZE_MAX, redaction));
  OK(dmvr_redact(filter, request, NULL, 0, redaction));
  OK(dmvr_receipt_get(redaction, &receipt));
  CHECK(receipt.disposition == DMVR_DISPOSITION_WITHHELD && receipt.bytes_in == 0);

  /* The message is where its output would be. */
  OK(dmvr_redact(filter, request, message.data, message.length, redaction));
  OK(dmvr_redaction_output(redaction, &text));
  CHECK(text.length > 0);
  RETURNS(INVALID, dmvr_redact(filter, request, text.data, text.length, redaction));
  RETURNS(NOTHING, dmvr_redaction_output(redaction, &text));

  /* A failed call takes the output of the one before away. */
  OK(dmvr_redact(filter, request, message.data, message.length, redaction));
  RETURNS(NULL, dmvr_redact(NULL, request, message.data, message.length, redaction));
  RETURNS(NOTHING, dmvr_redaction_output(redaction, &text));
  CHECK(!text.data && text.length == 0);

  /* Freed, once and again. */
  OK(dmvr_redaction_free(redaction));
  RETURNS(WRONG_HANDLE, dmvr_redact(filter, request, message.data, message.length, redaction));
  RETURNS(WRONG_HANDLE, dmvr_redaction_free(redaction));
  OK(dmvr_request_free(request));
  RETURNS(WRONG_HANDLE, dmvr_request_clear(request));
  OK(dmvr_config_free(config));
  RETURNS(WRONG_HANDLE, dmvr_filter_new(config, &none));
  OK(dmvr_filter_free(filter));
  RETURNS(WRONG_HANDLE, dmvr_filter_check(filter, request));
  /* A handle that was freed stays wrong while others come and go, and memory doesn't grow with them. */
  for (int i = 0; i < 1000; i++) {
    OK(dmvr_request_new(&request));
    OK(dmvr_request_free(request));
  }
  RETURNS(WRONG_HANDLE, dmvr_redaction_free(redaction));
}

/* The bytes of a configuration are wrong: its code, line and column. */
static void expect(dmvr_part part, const char *name, const char *text, const char *what, uint32_t line, uint32_t column) {
  dmvr_config *config;
  dmvr_filter *filter;
  OK(dmvr_config_new(&config));
  OK(dmvr_config_bytes(config, part, name, (const uint8_t *)text, strlen(text)));
  RETURNS(CONFIG, dmvr_filter_new(config, &filter));
  CHECK(!filter);
  dmvr_error error = last();
  if (!strstr(error.message, what) || error.line != line || error.column != column)
    fprintf(stderr, "%u:%u: %s\n", (unsigned)error.line, (unsigned)error.column, error.message);
  CHECK(error.code == DMVR_CODE_CONFIG && strstr(error.message, what));
  CHECK(error.line == line && error.column == column);
  CHECK(line == 0 || strcmp(error.file, name) == 0);
  OK(dmvr_config_free(config));
}

static void configuration(void) {
  dmvr_config *config;
  dmvr_filter *filter;
  OK(dmvr_config_new(&config));
  RETURNS(INVALID, dmvr_config_path(config, 0, "x"));
  RETURNS(INVALID, dmvr_config_path(config, -1, "x"));
  RETURNS(INVALID, dmvr_config_path(config, DMVR_PART_ROSTER, "x"));
  RETURNS(INVALID, dmvr_config_bytes(config, 99, "x", (const uint8_t *)"x", 1));
  RETURNS(NOT_UTF8, dmvr_config_bytes(config, DMVR_PART_POLICY, "\xff", (const uint8_t *)"x", 1));
  RETURNS(INVALID, dmvr_config_option(config, "second-reading", "maybe"));
  RETURNS(INVALID, dmvr_config_option(config, "unknown", "on"));
  RETURNS(CONFIG, dmvr_config_option(config, "limit", "depth"));
  RETURNS(CONFIG, dmvr_config_option(config, "limit", "deepness=3"));
  RETURNS(NOT_UTF8, dmvr_config_option(config, "format", "\xc0\xaf"));
  RETURNS(INVALID, dmvr_filter_new(config, &filter));
  OK(dmvr_config_free(config));
  OK(dmvr_config_new(&config));
  OK(dmvr_config_path(config, DMVR_PART_POLICY, "/no/such/policy.toml"));
  RETURNS(CONFIG, dmvr_filter_new(config, &filter));
  CHECK(!filter && strstr(last().file, "/no/such/policy.toml"));
  OK(dmvr_config_free(config));

  expect(DMVR_PART_POLICY, "own.toml", "[policy]\nname = 'p'\nversion = '1'\nnoSuchKey = 1\n", "noSuchKey", 4, 1);
  expect(DMVR_PART_POLICY, "own.toml",
         "[policy]\nname = 'p'\nversion = '1'\n[agencies.all]\nori = ['*']\n[[permit]]\nid = 'a'\nagencies = ['all']\n"
         "elements = ['person.birthdate']\n",
         "person.birthdate", 9, 13);
  expect(DMVR_PART_POLICY, "own.toml", "\x80", "UTF-8", 1, 1);
  expect(DMVR_PART_TOKEN_KEY, NULL, "short", "key", 0, 0);
}

/* Two errors in a file whose name a terminal would obey: the message is the library's whole text, each error with its place and its
 * help, escaped. The place alone is the first one's, and the file is named as the caller named it. */
static void text_of_errors(void) {
  static const char policy[] =
      "[policy]\nname = 'own'\nversion = '1'\npurpose = ['C']\n[agencies.all]\nori = ['*']\n[[permit]]\nid = 'a'\n"
      "agencies = ['all']\nelements = ['person.birthdate']\n";
  static const char text[] = "own\\u{1b}.toml:4:1: unknown key `purpose`; did you mean `purposes`?\n"
                             "own\\u{1b}.toml:10:13: unknown data element `person.birthdate`; did you mean `person.birth-date`?";
  dmvr_config *config;
  dmvr_filter *filter;
  OK(dmvr_config_new(&config));
  OK(dmvr_config_bytes(config, DMVR_PART_POLICY, "own\33.toml", (const uint8_t *)policy, sizeof policy - 1));
  RETURNS(CONFIG, dmvr_filter_new(config, &filter));
  dmvr_error error = last();
  CHECK(strcmp(error.message, text) == 0);
  CHECK(error.line == 4 && error.column == 1 && strcmp(error.file, "own\33.toml") == 0);
  OK(dmvr_config_free(config));
  /* About something that has no lines. */
  OK(dmvr_config_new(&config));
  RETURNS(CONFIG, dmvr_config_option(config, "limit", "depth"));
  error = last();
  CHECK(strncmp(error.message, "--limit: ", 9) == 0 && error.line == 0 && error.column == 0);
  OK(dmvr_config_free(config));
}

static void requests(contents message) {
  dmvr_request *request;
  dmvr_redaction *redaction;
  dmvr_filter *filter = filter_of(NULL);
  OK(dmvr_redaction_new(&redaction));
  OK(dmvr_request_new(&request));
  RETURNS(INVALID, dmvr_request_set(request, 0, "x"));
  RETURNS(INVALID, dmvr_request_set(request, 99, "x"));
  RETURNS(INVALID, dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, "short"));
  RETURNS(INVALID, dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, ""));
  RETURNS(INVALID, dmvr_request_set(request, DMVR_ATTRIBUTE_DATE, "2026-02-30"));
  RETURNS(INVALID, dmvr_request_set(request, DMVR_ATTRIBUTE_CORRELATION_ID, "two words"));
  RETURNS(INVALID, dmvr_request_set(request, DMVR_ATTRIBUTE_INSTRUMENT, "claim"));
  RETURNS(NOT_UTF8, dmvr_request_set(request, DMVR_ATTRIBUTE_USER, "\xff\xfe"));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, "AZ0070000"));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, "AZ0070000"));
  RETURNS(INVALID, dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, "NV0010000"));
  /* It lacks what was refused: nothing is decided for it, or the envelope would say who asks. */
  RETURNS(INVALID, dmvr_redact(filter, request, message.data, message.length, redaction));
  RETURNS(INVALID, dmvr_filter_check(filter, request));
  OK(dmvr_request_clear(request));
  OK(dmvr_redact(filter, request, message.data, message.length, redaction));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, "NV0010000"));
  OK(dmvr_request_free(request));
  OK(dmvr_redaction_free(redaction));
  OK(dmvr_filter_free(filter));
}

/* A buffer whose every byte is known, to see what a call writes. */
enum { SPACE = 1 << 17, CANARY = 0xA5 };
static uint8_t space[SPACE];

static int is_untouched(size_t from) {
  for (size_t i = from; i < SPACE; i++)
    if (space[i] != CANARY) return 0;
  return 1;
}

static void buffers(const char *root, contents message) {
  dmvr_filter *filter = filter_of(NULL);
  dmvr_request *request = police(), *other;
  dmvr_redaction *redaction;
  dmvr_receipt receipt;
  dmvr_text output;
  size_t written = 77, length;
  OK(dmvr_redaction_new(&redaction));
  memset(space, CANARY, SPACE);

  OK(dmvr_redact_into(filter, request, message.data, message.length, space, SPACE, &length, redaction));
  CHECK(length > 0 && is_untouched(length));
  OK(dmvr_redaction_output(redaction, &output));
  CHECK(output.length == length && memcmp(output.data, space, length) == 0);

  /* Too small by one byte, and empty. */
  for (size_t capacity = 0; capacity < length; capacity += length - 1) {
    memset(space, CANARY, SPACE);
    RETURNS(TOO_SMALL, dmvr_redact_into(filter, request, message.data, message.length, space, capacity, &written, redaction));
    CHECK(written == length && is_untouched(0));
    OK(dmvr_redaction_output(redaction, &output));
    CHECK(output.length == length);
  }
  /* Just large enough; no buffer; in place. */
  OK(dmvr_redact_into(filter, request, message.data, message.length, space, length, &written, redaction));
  CHECK(written == length && is_untouched(length));
  RETURNS(TOO_SMALL, dmvr_redact_into(filter, request, message.data, message.length, NULL, 0, &written, redaction));
  RETURNS(NULL, dmvr_redact_into(filter, request, message.data, message.length, NULL, 9, &written, redaction));
  CHECK(written == 0);
  RETURNS(NOTHING, dmvr_redaction_output(redaction, &output));
  RETURNS(NULL, dmvr_redact_into(filter, request, message.data, message.length, space, SPACE, NULL, redaction));
  memset(space, CANARY, SPACE);
  memcpy(space, message.data, message.length);
  OK(dmvr_redact_into(filter, request, space, message.length, space, SPACE, &written, redaction));
  OK(dmvr_redaction_output(redaction, &output));
  CHECK(written == length && memcmp(output.data, space, length) == 0);

  /* Withheld and held: nothing is written. */
  OK(dmvr_request_new(&other));
  OK(dmvr_request_set(other, DMVR_ATTRIBUTE_REQUESTER, "NV0010000"));
  memset(space, CANARY, SPACE);
  written = 77;
  OK(dmvr_redact_into(filter, other, message.data, message.length, space, SPACE, &written, redaction));
  CHECK(written == 0 && is_untouched(0));
  OK(dmvr_receipt_get(redaction, &receipt));
  CHECK(receipt.disposition == DMVR_DISPOSITION_WITHHELD && !receipt.releases && receipt.bytes_out == 0);
  CHECK(receipt.reason.length > 0 && text_is(receipt.requester, "NV0010000"));
  contents held = read_file(root, "fixtures/dr-ice/message.xml");
  OK(dmvr_request_clear(other));
  OK(dmvr_redact_into(filter, other, held.data, held.length, space, SPACE, &written, redaction));
  OK(dmvr_receipt_get(redaction, &receipt));
  CHECK(receipt.disposition == DMVR_DISPOSITION_HELD && text_is(receipt.reason, "review"));
  CHECK(written == 0 && is_untouched(0));
  free(held.data);

  /* Each message cut off: withheld, and nothing of it is written or said. */
  for (size_t cut = 0; cut < message.length; cut += 97) {
    contents part = {malloc(cut + !cut), cut};
    memcpy(part.data, message.data, cut);
    OK(dmvr_redact_into(filter, request, part.data, cut, space, SPACE, &written, redaction));
    CHECK(written == 0 && is_untouched(0));
    dmvr_text json;
    OK(dmvr_receipt_json(redaction, &json));
    CHECK(!contains(json, "JORDAN") && !contains(json, "900-12-3456"));
    free(part.data);
  }
  OK(dmvr_redaction_free(redaction));
  OK(dmvr_request_free(request));
  OK(dmvr_request_free(other));
  OK(dmvr_filter_free(filter));
}

/* What the policy doesn't declare is said beforehand, and not what it was. */
static void undeclared(void) {
  dmvr_filter *filter = filter_of(NULL);
  dmvr_request *request = police();
  OK(dmvr_filter_check(filter, request));
  OK(dmvr_request_set(request, DMVR_ATTRIBUTE_CLAIM, "no-such-claim"));
  RETURNS(INVALID, dmvr_filter_check(filter, request));
  OK(dmvr_request_free(request));
  OK(dmvr_filter_free(filter));
}

int main(int count, char **arguments) {
  CHECK(count == 2);
  CHECK(dmvr_abi_version() == DMVR_ABI_VERSION && dmvr_version()[0] >= '0');
  contents message = read_file(arguments[1], "fixtures/dr-in-state-police/message.xml");
  handles(message);
  configuration();
  text_of_errors();
  requests(message);
  buffers(arguments[1], message);
  undeclared();
  free(message.data);
  puts("misuse: each is a code");
  return 0;
}
