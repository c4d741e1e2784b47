/* Each line of fixtures/corpus.tsv again: corpus ROOT. */
#include "check.h"
#include "sha256.h"

enum { POLICY, KEY, MESSAGE, REQUESTER, PURPOSE, CLAIMS, INSTRUMENTS, DATE, DISPOSITION, OUTPUT, RECEIPT, FIELDS };

static int is_stated(const char *field) { return strcmp(field, "-") != 0; }

static dmvr_filter *filter_for(const char *root, const char *policy, const char *key) {
  dmvr_config *config;
  dmvr_filter *filter;
  char path[4096];
  OK(dmvr_config_new(&config));
  snprintf(path, sizeof path, "%s/%s", root, policy);
  if (is_stated(policy)) OK(dmvr_config_path(config, DMVR_PART_POLICY, path));
  if (is_stated(key)) OK(dmvr_config_bytes(config, DMVR_PART_TOKEN_KEY, NULL, (const uint8_t *)key, strlen(key)));
  OK(dmvr_filter_new(config, &filter));
  OK(dmvr_config_free(config));
  return filter;
}

/* States each word of a field. */
static void set_all(dmvr_request *request, dmvr_attribute attribute, char *field) {
  if (!is_stated(field)) return;
  for (char *word = strtok(field, " "); word; word = strtok(NULL, " ")) OK(dmvr_request_set(request, attribute, word));
}

int main(int count, char **arguments) {
  CHECK(count == 2);
  const char *root = arguments[1];
  contents corpus = read_file(root, "fixtures/corpus.tsv"), message = {NULL, 0};
  char policy[256] = "", name[256] = "", digits[65];
  dmvr_filter *filter = NULL;
  dmvr_request *request;
  dmvr_redaction *redaction;
  int lines = 0;
  OK(dmvr_request_new(&request));
  OK(dmvr_redaction_new(&redaction));

  CHECK(corpus.length > 0 && corpus.data[corpus.length - 1] == '\n');
  for (char *line = (char *)corpus.data, *next; line < (char *)corpus.data + corpus.length; line = next, lines++) {
    char *field[FIELDS];
    char *end = memchr(line, '\n', corpus.length - (size_t)(line - (char *)corpus.data));
    next = end + 1;
    *end = 0;
    for (int i = 0; i < FIELDS; i++) {
      CHECK(line);
      field[i] = line;
      line = strchr(line, '\t');
      if (line) *line++ = 0;
    }
    CHECK(!line);
    if (lines == 0) continue;

    if (strcmp(policy, field[POLICY])) {
      snprintf(policy, sizeof policy, "%s", field[POLICY]);
      OK(dmvr_filter_free(filter));
      filter = filter_for(root, field[POLICY], field[KEY]);
    }
    if (strcmp(name, field[MESSAGE])) {
      snprintf(name, sizeof name, "%s", field[MESSAGE]);
      free(message.data);
      message = read_file(root, name);
    }
    OK(dmvr_request_clear(request));
    set_all(request, DMVR_ATTRIBUTE_REQUESTER, field[REQUESTER]);
    set_all(request, DMVR_ATTRIBUTE_PURPOSE, field[PURPOSE]);
    set_all(request, DMVR_ATTRIBUTE_CLAIM, field[CLAIMS]);
    set_all(request, DMVR_ATTRIBUTE_INSTRUMENT, field[INSTRUMENTS]);
    set_all(request, DMVR_ATTRIBUTE_DATE, field[DATE]);
    OK(dmvr_redact(filter, request, message.data, message.length, redaction));

    dmvr_receipt receipt;
    dmvr_text output, json;
    OK(dmvr_receipt_get(redaction, &receipt));
    OK(dmvr_redaction_output(redaction, &output));
    OK(dmvr_receipt_json(redaction, &json));
    static const char *dispositions[] = {"withheld", "held", "redacted", "released"};
    CHECK(strcmp(dispositions[receipt.disposition], field[DISPOSITION]) == 0);
    CHECK(receipt.releases == (receipt.disposition >= DMVR_DISPOSITION_REDACTED));
    CHECK(receipt.bytes_in == message.length && receipt.bytes_out == output.length);
    CHECK(receipt.releases || output.length == 0);
    sha256(output.data, output.length, digits);
    CHECK(strcmp(digits, field[OUTPUT]) == 0);
    sha256(json.data, json.length, digits);
    CHECK(strcmp(digits, field[RECEIPT]) == 0);

    /* What the flat receipt counts can be read, and nothing beyond. */
    dmvr_element element;
    dmvr_text rule;
    dmvr_duty duty;
    for (uint32_t i = 0; i < receipt.elements; i++) {
      OK(dmvr_receipt_element(redaction, i, &element));
      CHECK(contains(json, "\"elements\"") && element.id.length > 0);
    }
    for (uint32_t i = 0; i < receipt.rules; i++) OK(dmvr_receipt_rule(redaction, i, &rule));
    for (uint32_t i = 0; i < receipt.duties; i++) OK(dmvr_receipt_duty(redaction, i, &duty));
    RETURNS(INVALID, dmvr_receipt_element(redaction, receipt.elements, &element));
    RETURNS(INVALID, dmvr_receipt_rule(redaction, receipt.rules, &rule));
    RETURNS(INVALID, dmvr_receipt_duty(redaction, receipt.duties, &duty));
  }
  CHECK(lines > 1000);
  OK(dmvr_redaction_free(redaction));
  OK(dmvr_request_free(request));
  OK(dmvr_filter_free(filter));
  free(message.data);
  free(corpus.data);
  printf("corpus: %d lines\n", lines - 1);
  return 0;
}
