/* The C interface of dmv-redact: a data-minimization redaction filter for driver and vehicle responses. See docs/c.md.
 *
 * Made from bindings/c/src: don't edit.
 *
 * Codes: DMVR_CODE_OK says that a function did its work, never that a message may go out. That says the receipt alone.
 * Threads: a filter and a log are for any number of threads at once. A configuration, a request and a redaction are for one thread
 * at a time. The library starts no threads and handles no signals. When a process forks, no thread may be in a call.
 * Handles: each comes from its `_new` or `dmvr_log_open`, and goes back to its `_free`, which takes NULL too. Don't use one that was
 * freed, nor free one that a thread is using.
 * Texts from the caller end with a zero and are UTF-8; texts from the library (dmvr_text) have a length and no zero.
 */

#ifndef DMV_REDACT_H
#define DMV_REDACT_H

#include <stddef.h>
#include <stdint.h>

// The version of this interface, as major * 10000 + minor * 100. A minor version adds functions, codes and attributes; everything
// else changes the major one and the soname. A program that was compiled with 0.x works with each 0.y that is no earlier. Structures
// never grow, and a later minor version may return codes that this header doesn't have.
#define DMVR_ABI_VERSION 100

// What a function returns. Only `DMVR_CODE_OK` means that it did what it should.
typedef enum {
  // It did.
  DMVR_CODE_OK = 0,
  // A pointer is null that must not be.
  DMVR_CODE_NULL = 1,
  // A handle is of another kind, or was freed.
  DMVR_CODE_WRONG_HANDLE = 2,
  // Another thread uses a handle that is for one thread at a time.
  DMVR_CODE_IN_USE = 3,
  // A text isn't UTF-8.
  DMVR_CODE_NOT_UTF8 = 4,
  // A value isn't what the function takes: an ORI, a date, a number of a part, an index, a request that isn't the receipt's.
  DMVR_CODE_INVALID = 5,
  // A policy, roster, format or catalog is wrong, or can't be read. `dmvr_last_error` has file, line and column.
  DMVR_CODE_CONFIG = 6,
  // The caller's buffer is too small. Nothing was written to it.
  DMVR_CODE_TOO_SMALL = 7,
  // The disclosure log can't be read or written.
  DMVR_CODE_IO = 8,
  // There is nothing: no receipt, because no message was redacted or the last call failed; a log that was ended; no error.
  DMVR_CODE_NOTHING = 9,
  // The library failed by a fault of its own. The handles of the call can still be used; a redaction has no output.
  DMVR_CODE_PANIC = 10,
} dmvr_code;

// What becomes of a message. 0 is that nothing goes out.
typedef enum {
  // Nothing may be released; there is no output.
  DMVR_DISPOSITION_WITHHELD = 0,
  // A person must review the message first; there is no output.
  DMVR_DISPOSITION_HELD = 1,
  // The output contains what the policy permits and nothing else, and lacks something that the message contains.
  DMVR_DISPOSITION_REDACTED = 2,
  // Nothing had to be removed: the output says all that the message says.
  DMVR_DISPOSITION_RELEASED = 3,
} dmvr_disposition;

// A part of a configuration.
typedef enum {
  // The policy: a `policy.toml`. From a path, its rosters and what it includes are files beside it.
  DMVR_PART_POLICY = 1,
  // From bytes alone: the table of ORIs that the policy names so in `ori-file`.
  DMVR_PART_ROSTER = 2,
  // From bytes alone: a policy that the policy names so in `include`.
  DMVR_PART_INCLUDE = 3,
  // Data elements beside those that ship: a `catalog.toml`.
  DMVR_PART_CATALOG = 4,
  // A format beside those that ship: a `format.toml`. From a path: the folder of formats.
  DMVR_PART_FORMAT = 5,
  // The key of tokens, if the policy has any: 32 bytes at least.
  DMVR_PART_TOKEN_KEY = 6,
} dmvr_part;

// What a request says.
typedef enum {
  // The ORI of who asks. Left out: the message's envelope says it.
  DMVR_ATTRIBUTE_REQUESTER = 1,
  // The purpose code.
  DMVR_ATTRIBUTE_PURPOSE = 2,
  // The reason code.
  DMVR_ATTRIBUTE_REASON = 3,
  // The line on which the query came.
  DMVR_ATTRIBUTE_LINE = 4,
  // The person who asks.
  DMVR_ATTRIBUTE_USER = 5,
  // The state whose record it is, by its postal code.
  DMVR_ATTRIBUTE_STATE = 6,
  // A claim that the caller vouches for; may be set again for another.
  DMVR_ATTRIBUTE_CLAIM = 7,
  // A claim with the paper behind it: `claim=NAME,issuer=NAME,number=TEXT,date=YYYY-MM-DD,until=YYYY-MM-DD,specifies=ELEMENT`; only
  // the claim must be there, `specifies` may be there again. May be set again for another.
  DMVR_ATTRIBUTE_INSTRUMENT = 8,
  // The date of the request, YYYY-MM-DD. Left out: today, in UTC.
  DMVR_ATTRIBUTE_DATE = 9,
  // The switch's own id of the request, for the log: 1 to 64 letters, digits, `-`, `_`, `.` and `:`.
  DMVR_ATTRIBUTE_CORRELATION_ID = 10,
  // The control number of the query: a log with a key has a keyed hash of it.
  DMVR_ATTRIBUTE_CONTROL_NUMBER = 11,
  // Who approved it, for the log; may be set again for a second person.
  DMVR_ATTRIBUTE_APPROVED_BY = 12,
} dmvr_attribute;

// What a filter is made of. For one thread at a time.
typedef struct dmvr_config dmvr_config;

// The filter. For any number of threads at once.
typedef struct dmvr_filter dmvr_filter;

// A disclosure log. For any number of threads at once; one process writes a log at a time.
typedef struct dmvr_log dmvr_log;

// The output of a message and its receipt. For one thread at a time: have one for each thread, and use it for all its messages.
typedef struct dmvr_redaction dmvr_redaction;

// A request. For one thread at a time, and for any number of calls.
typedef struct dmvr_request dmvr_request;

// What is wrong, after a call of this thread that failed.
typedef struct {
  // What the function returned.
  dmvr_code code;
  // For people, complete: print nothing else of this. Never null; lower case, without a final period. Of a configuration: a line
  // for each error, `FILE:LINE:COLUMN: MESSAGE; HELP`, with control characters escaped.
  const char *message;
  // The file of the first error, for programs: as the caller named it, not escaped. Null if no file is wrong.
  const char *file;
  // The line of the first error, from 1; 0 if there is none.
  uint32_t line;
  // The column, in characters from 1; 0 if there is none.
  uint32_t column;
} dmvr_error;

// How a log is written. All zero: one file, without a key.
typedef struct {
  // The file of the key of the hashes; null: none.
  const char *key_path;
  // The name of the process or machine that writes; null: none.
  const char *service;
  // Whether it goes on in a new file each day: 1 or 0.
  int32_t rotate_daily;
  // After so many bytes it goes on in a new file; 0: never.
  uint64_t rotate_after_bytes;
  // Whether the messages go out as they came, and no record counts as a disclosure: 1 or 0.
  int32_t dry_run;
} dmvr_log_options;

// The last line of a log: kept elsewhere, it reveals a log that was cut off.
typedef struct {
  // The number of its last line.
  uint64_t sequence;
  // The hash of that line: 64 hexadecimal digits and a zero.
  char hash[65];
} dmvr_log_head;

// Some bytes of the library: of a text, UTF-8 without a zero at its end. `data` is null if there is none.
typedef struct {
  // The first byte.
  const uint8_t *data;
  // How many there are.
  size_t length;
} dmvr_text;

// The receipt of a message. Texts stay until the redaction is used again, or freed.
typedef struct {
  // What becomes of it.
  dmvr_disposition disposition;
  // Whether there is an output that may go out: 1 or 0.
  int32_t releases;
  // Why it is held or withheld: a code.
  dmvr_text reason;
  // The exact problem: a fixed sentence.
  dmvr_text detail;
  // Where it is, in bytes from the start of the message; -1 if it concerns all of it.
  int64_t offset;
  // The format that was recognized.
  dmvr_text format;
  // The message key.
  dmvr_text message_type;
  // The ORI of who asks.
  dmvr_text requester;
  // The switch's own id of the request.
  dmvr_text correlation_id;
  // Bytes of the message.
  uint64_t bytes_in;
  // Bytes of the output; 0 if there is none.
  uint64_t bytes_out;
  // Parts that no path of the mapping names, which were removed.
  uint32_t unmapped;
  // Images that were found in other values by their content, and removed.
  uint32_t found_images;
  // Bytes of the removed images.
  uint64_t image_bytes;
  // How many data elements were seen: for `dmvr_receipt_element`.
  uint32_t elements;
  // How many rules applied: for `dmvr_receipt_rule`.
  uint32_t rules;
  // How many duties follow: for `dmvr_receipt_duty`.
  uint32_t duties;
} dmvr_receipt;

// What became of the values of one data element.
typedef struct {
  // Its id.
  dmvr_text id;
  // Values released as they are.
  uint32_t released;
  // Values released in a less precise form.
  uint32_t generalized;
  // Values removed, for any reason.
  uint32_t removed;
  // Removed values that were permitted but violate the element's shape.
  uint32_t shape;
} dmvr_element;

// Something that must be done because of the outcome.
typedef struct {
  // Its id in the policy.
  dmvr_text id;
  // What: `notify-subject`, `report`, `collect-certificate`, `keep-record` or `review-afterwards`.
  dmvr_text task;
  // Whom it concerns.
  dmvr_text to;
  // Whether it must be done before the message goes out: 1 or 0.
  int32_t is_before;
} dmvr_duty;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The version of the interface that this library has: compare it with `DMVR_ABI_VERSION`.
uint32_t dmvr_abi_version(void);

// The version of the library: `0.1.0`, for instance. It is never freed.
const char *dmvr_version(void);

// Makes a configuration: the built-in baseline policy, formats and catalog, until something else is set.
dmvr_code dmvr_config_new(dmvr_config **config);

// Takes a part (a `dmvr_part`) from a path. Nothing is read before `dmvr_filter_new`. After an error no filter can be made of this
// configuration.
dmvr_code dmvr_config_path(dmvr_config *config,
                           int32_t part_of,
                           const char *from);

// Takes a part (a `dmvr_part`) from bytes, which are copied. `name`: of a roster what `ori-file` says, of an included policy what
// `include` says; of other parts the name in errors; the key has none, and it may be null. Errors are as of `dmvr_config_path`.
dmvr_code dmvr_config_bytes(dmvr_config *config, int32_t part_of, const char *name, const uint8_t *data, size_t length);

// Sets an option: `format`, the one format that is accepted, by its name; `limit`, as `depth=64` (docs/switch.md); `second-reading`,
// `on` or `off`. Errors are as of `dmvr_config_path`.
dmvr_code dmvr_config_option(dmvr_config *config,
                             const char *name,
                             const char *value);

// Frees it. Filters that were made of it stay.
dmvr_code dmvr_config_free(dmvr_config *config);

// Makes a filter: reads all files, checks them, and compiles them. It takes a second or less. With an error there is none, and
// `filter` is null.
dmvr_code dmvr_filter_new(dmvr_config *config, dmvr_filter **filter);

// Checks that the policy declares what a request states. Messages for any other request are withheld: check each kind of
// request once, before the first message.
dmvr_code dmvr_filter_check(const dmvr_filter *filter, const dmvr_request *request);

// Frees it. No thread may be in a call with it.
dmvr_code dmvr_filter_free(dmvr_filter *filter);

// Writes what is wrong to `error`, if the last call of this thread failed; its texts stay until the next call on this thread.
// Returns `DMVR_CODE_NOTHING` when the last call didn't fail.
dmvr_code dmvr_last_error(dmvr_error *error);

// Opens a log, or makes one that only its owner can read, and records that the process begins with this filter. `options` may be
// null. With an error there is none, and `log` is null.
dmvr_code dmvr_log_open(const char *at, const dmvr_filter *filter, const dmvr_log_options *options, dmvr_log **log);

// Records the last message of a redaction, with the current time, and syncs: when it returns `DMVR_CODE_OK`, the output may go out.
// `source` is the switch's word for where the message came from, `id` identifies it there, and may be null. With any other
// code the output must not go out: the redaction has none any more. After `DMVR_CODE_IO` nothing more is recorded: free the log,
// and open it again.
dmvr_code dmvr_log_append(const dmvr_log *log,
                          const char *source,
                          const char *id,
                          const dmvr_request *request,
                          dmvr_redaction *redaction);

// Records that the process ends, and gives the number and hash of the last line; `end` may be null. Nothing more can be recorded:
// free it.
dmvr_code dmvr_log_end(dmvr_log *log, dmvr_log_head *end);

// Frees it. Without `dmvr_log_end` before, it has no end: a process that was killed leaves it so, too.
dmvr_code dmvr_log_free(dmvr_log *log);

// The receipt of the last message.
dmvr_code dmvr_receipt_get(dmvr_redaction *redaction, dmvr_receipt *receipt);

// What became of one data element, by its number from 0, in the order of the catalog.
dmvr_code dmvr_receipt_element(dmvr_redaction *redaction, uint32_t number, dmvr_element *element);

// The id of one rule that applied, by its number from 0.
dmvr_code dmvr_receipt_rule(dmvr_redaction *redaction, uint32_t number, dmvr_text *rule);

// One duty, by its number from 0.
dmvr_code dmvr_receipt_duty(dmvr_redaction *redaction, uint32_t number, dmvr_duty *duty);

// The whole receipt as JSON. It costs about as much as the redaction: if you need a few fields, ask for them.
dmvr_code dmvr_receipt_json(dmvr_redaction *redaction, dmvr_text *json);

// Makes one, without a message.
dmvr_code dmvr_redaction_new(dmvr_redaction **redaction);

// Redacts a message for a request. `DMVR_CODE_OK` says that it was decided, not that anything goes out: the receipt says that.
// With any other code nothing goes out, and there is no receipt.
dmvr_code dmvr_redact(const dmvr_filter *filter,
                      const dmvr_request *request,
                      const uint8_t *message,
                      size_t length,
                      dmvr_redaction *redaction);

// The same, and copies the output to a buffer of the caller, which may be the message's own. `written` is how many bytes, or how
// many there are if the buffer is too small (`DMVR_CODE_TOO_SMALL`): then nothing was written, and `dmvr_redaction_output` has
// them. Unless the receipt releases, nothing is written, and `written` is 0. It isn't on record yet: forward it after
// `dmvr_log_append`.
dmvr_code dmvr_redact_into(const dmvr_filter *filter,
                           const dmvr_request *request,
                           const uint8_t *message,
                           size_t length,
                           uint8_t *buffer,
                           size_t capacity,
                           size_t *written,
                           dmvr_redaction *redaction);

// The output of the last message: it stays until the redaction is used again, or freed. Unless the receipt releases there is none,
// and its length is 0.
dmvr_code dmvr_redaction_output(const dmvr_redaction *redaction,
                                dmvr_text *output);

// Frees it. Its memory isn't overwritten.
dmvr_code dmvr_redaction_free(dmvr_redaction *redaction);

// Makes a request that says nothing.
dmvr_code dmvr_request_new(dmvr_request **request);

// States something (a `dmvr_attribute`). After an error no function takes the request until it is cleared. A second value of
// what has one is an error too, or makes each message withheld.
dmvr_code dmvr_request_set(dmvr_request *request, int32_t attribute, const char *value);

// Makes it say nothing again, for another message.
dmvr_code dmvr_request_clear(dmvr_request *request);

// Frees it.
dmvr_code dmvr_request_free(dmvr_request *request);

// Puts another configuration in force: built and checked aside, then swapped in one step. A message is decided by the one or the
// other, whole. With an error the present one stays in force. `log` may be null; otherwise it has the change on record
// first, and if that fails nothing changes.
dmvr_code dmvr_filter_swap(dmvr_filter *filter, dmvr_config *config, dmvr_log *log);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* DMV_REDACT_H */
