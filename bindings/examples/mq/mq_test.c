/* A queue manager that isn't one calls the exit as IBM's documentation says that a real one does, and looks at what comes to a queue.
 *
 *   mq_test EXIT ROOT [panic | fork | connect]
 *
 * EXIT is the built ../mq_exit.c. The current folder has a policy, what the program makes of the messages (police.xml, latin.xml with
 * latin-out.xml) and gets the logs. With `panic` the library must have the feature `planted-panic`; `fork` is apart, since a child
 * can't free what its parent has, which valgrind takes for a leak; `connect` takes mq.conf as it is. Whatever happens: no original
 * comes to a queue, the application's buffer stays as it was, and no line to syslog has a value. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include <cmqec.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition) \
  do { \
    if (!(condition)) fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), exit(1); \
  } while (0)

typedef struct {
  unsigned char *data;
  size_t length;
} bytes;

static int contains(const void *in, size_t length, const char *part) {
  for (size_t at = 0; at + strlen(part) <= length; at++)
    if (!memcmp((const char *)in + at, part, strlen(part))) return 1;
  return 0;
}

static int is(bytes one, bytes other) { return one.length == other.length && !memcmp(one.data, other.data, one.length); }

/* Where nobody can write, and right before memory that nobody can read: an exit that touches the application's buffer dies. */
static bytes protected_bytes(const void *data, size_t length) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (length + page) / page * page;
  char *at = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(at != MAP_FAILED);
  bytes made = {(unsigned char *)at + room - length, length};
  memcpy(made.data, data, length);
  CHECK(!mprotect(at, room, PROT_READ) && !mprotect(at + room, page, PROT_NONE));
  return made;
}

static bytes read_bytes(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  if (!file) perror(path);
  CHECK(file && !fseek(file, 0, SEEK_END));
  size_t length = (size_t)ftell(file);
  rewind(file);
  char *data = malloc(length + 1);
  CHECK(data && fread(data, 1, length, file) == length);
  fclose(file);
  bytes read = protected_bytes(data, length);
  free(data);
  return read;
}

/* What the exit says, and what it said before that. It takes the place of the C library's. */
static char said[1024], said_before[1024];
static pthread_mutex_t saying = PTHREAD_MUTEX_INITIALIZER;
void syslog(int priority, const char *format, ...);
void syslog(int priority, const char *format, ...) {
  va_list arguments;
  (void)priority;
  pthread_mutex_lock(&saying);
  memcpy(said_before, said, sizeof said);
  va_start(arguments, format);
  vsnprintf(said, sizeof said, format, arguments);
  va_end(arguments);
  CHECK(!strstr(said, "JORDAN") && !strstr(said, "900-") && !strstr(said, "CANARY"));
  pthread_mutex_unlock(&saying);
}

/* The queues: what came to any of them. */
static struct {
  pthread_mutex_t lock;
  size_t count;
  bytes last;
} queues = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void arrive(const char *queue, const void *data, MQLONG length) {
  CHECK(length >= 0 && (data || !length));
  if (strcmp(queue, "QUERIES")) CHECK(!contains(data, (size_t)length, "900-12-3456") && !contains(data, (size_t)length, "CANARY"));
  pthread_mutex_lock(&queues.lock);
  free(queues.last.data);
  queues.last.data = malloc((size_t)length + 1), queues.last.length = (size_t)length;
  CHECK(queues.last.data);
  memcpy(queues.last.data, data, (size_t)length);
  queues.count++;
  pthread_mutex_unlock(&queues.lock);
}

/* A connection to the queue manager. */
typedef struct {
  MQIEP entry_points; /* first: what Hconfig points to */
  MQBYTE area[16];
  PMQFUNC points[3][40];
  MQHOBJ handles;
  char queues[64][MQ_Q_NAME_LENGTH + 1];
} manager;

static MQ_INIT_EXIT *entry;
static int refused_function;   /* MQXEP of it fails */
static int is_careless;        /* puts although the exit refuses, as after another exit took the refusal back */
static int is_after_refusal;   /* calls the exit after a call that it refused */
static int is_after_forgotten; /* doesn't call it after any */
static void (*during)(manager *); /* called while it has a message */

static void MQENTRY register_point(MQHCONFIG config, MQLONG reason, MQLONG function, PMQFUNC point, PMQXEPO options, PMQLONG completion,
                                   PMQLONG why) {
  manager *at = (manager *)config;
  CHECK(reason > 0 && reason <= 3 && function > 0 && function < 40 && !options);
  *completion = function == refused_function ? MQCC_FAILED : MQCC_OK, *why = function == refused_function ? 2281 : MQRC_NONE;
  if (*completion == MQCC_OK) at->points[reason - 1][function] = point;
}

static MQAXP parameters_of(const manager *at, MQLONG reason, MQLONG function) {
  MQAXP made = {.ExitReason = reason, .Function = function, .ExitResponse = MQXCC_OK, .Hconfig = (MQHCONFIG)&at->entry_points};
  memcpy(made.ExitUserArea, at->area, sizeof at->area);
  memset(made.QMgrName, ' ', sizeof made.QMgrName), memcpy(made.QMgrName, "SWITCH", 6);
  memset(made.ExitData, ' ', sizeof made.ExitData), memcpy(made.ExitData, "mq.conf", 7);
  return made;
}

static manager *mq_connect(MQLONG *completion) {
  manager *at = calloc(1, sizeof *at);
  MQLONG reason = MQRC_NONE;
  CHECK(at);
  memcpy(at->entry_points.StrucId, MQIEP_STRUC_ID, 4), at->entry_points.MQXEP_Call = register_point;
  MQAXC context = {0};
  MQAXP parameters = parameters_of(at, MQXR_CONNECTION, 1);
  *completion = MQCC_OK;
  entry(&parameters, &context, completion, &reason);
  if (parameters.ExitResponse == MQXCC_OK) {
    CHECK(*completion == MQCC_OK && reason == MQRC_NONE && at->points[2][MQXF_TERM]);
    memcpy(at->area, parameters.ExitUserArea, sizeof at->area);
    return at;
  }
  CHECK(parameters.ExitResponse == MQXCC_FAILED && *completion == MQCC_FAILED && reason == MQRC_API_EXIT_ERROR);
  free(at);
  return NULL;
}

static manager *connected(void) {
  MQLONG completion;
  manager *at = mq_connect(&completion);
  if (!at) fprintf(stderr, "%s\n", said);
  CHECK(at);
  return at;
}

static void mq_disconnect(manager *at) {
  MQLONG completion = MQCC_OK, reason = MQRC_NONE;
  MQAXC context = {0};
  MQAXP parameters = parameters_of(at, MQXR_CONNECTION, MQXF_TERM);
  ((MQ_TERM_EXIT *)at->points[2][MQXF_TERM])(&parameters, &context, &completion, &reason);
  CHECK(parameters.ExitResponse == MQXCC_OK);
  free(at);
}

static MQOD object(const char *queue, const char *of) {
  MQOD made = {.Version = MQOD_VERSION_1, .ObjectType = MQOT_Q, .RecsPresent = 0x5A5A};
  memset(made.ObjectName, ' ', sizeof made.ObjectName), memcpy(made.ObjectName, queue, strlen(queue));
  strcpy(made.ObjectQMgrName, of);
  return made;
}

static MQHOBJ mq_open_as(manager *at, MQOD from) {
  MQHOBJ handle = ++at->handles, *handle_at = &handle;
  MQLONG options = 0, completion = MQCC_OK, reason = MQRC_NONE;
  PMQOD from_at = &from;
  MQAXC context = {0};
  MQAXP parameters = parameters_of(at, MQXR_AFTER, MQXF_OPEN);
  CHECK(handle < 64);
  memcpy(at->queues[handle], from.ObjectName, MQ_Q_NAME_LENGTH);
  *(strchr(at->queues[handle], ' ') ? strchr(at->queues[handle], ' ') : at->queues[handle]) = 0;
  ((MQ_OPEN_EXIT *)at->points[1][MQXF_OPEN])(&parameters, &context, &at->handles, &from_at, &options, &handle_at, &completion, &reason);
  CHECK(parameters.ExitResponse == MQXCC_OK);
  return handle;
}

static MQHOBJ mq_open(manager *at, const char *queue) { return mq_open_as(at, object(queue, "")); }

static void mq_close(manager *at, MQHOBJ handle) {
  MQHOBJ *handle_at = &handle;
  MQLONG options = 0, completion = MQCC_OK, reason = MQRC_NONE;
  MQAXC context = {0};
  MQAXP parameters = parameters_of(at, MQXR_BEFORE, MQXF_CLOSE);
  ((MQ_CLOSE_EXIT *)at->points[0][MQXF_CLOSE])(&parameters, &context, &at->handles, &handle_at, &options, &completion, &reason);
  CHECK(parameters.ExitResponse == MQXCC_OK);
}

static MQMD text(void) {
  MQMD made = {.Version = MQMD_VERSION_1, .CodedCharSetId = 1208, .MsgFlags = 0x5A5A, .Offset = 0x5A5A};
  memcpy(made.StrucId, MQMD_STRUC_ID, 4), memcpy(made.Format, MQFMT_STRING, 8);
  memcpy(made.CorrelId, "AMQ SWITCH", 10);
  return made;
}

static MQPMO plain(void) {
  return (MQPMO){.Version = 1, .RecsPresent = 0x5A5A, .OriginalMsgHandle = 0x5A5A, .NewMsgHandle = 0x5A5A};
}

/* MQPUT, or MQPUT1 with an object: whether it was done. */
static int put_with(manager *at, MQHOBJ handle, MQOD *to, MQMD *descriptor, MQPMO *options, bytes message) {
  MQLONG function = to ? MQXF_PUT1 : MQXF_PUT, length = (MQLONG)message.length, completion = MQCC_OK, reason = MQRC_NONE;
  PMQVOID buffer = message.data;
  MQAXC context = {0};
  MQAXP parameters = parameters_of(at, MQXR_BEFORE, function);
  char queue[MQ_Q_NAME_LENGTH + 1] = {0};
  if (to) memcpy(queue, to->ObjectName, MQ_Q_NAME_LENGTH), strtok(queue, " ");
  if (to)
    ((MQ_PUT1_EXIT *)at->points[0][function])(&parameters, &context, &handle, &to, &descriptor, &options, &length, &buffer, &completion,
                                              &reason);
  else
    ((MQ_PUT_EXIT *)at->points[0][function])(&parameters, &context, &at->handles, &handle, &descriptor, &options, &length, &buffer,
                                             &completion, &reason);
  int is_done = parameters.ExitResponse == MQXCC_OK;
  if (is_done) {
    CHECK(completion == MQCC_OK && reason == MQRC_NONE);
  } else {
    CHECK(parameters.ExitResponse == MQXCC_SUPPRESS_FUNCTION && completion == MQCC_FAILED && reason == MQRC_SUPPRESSED_BY_EXIT);
    CHECK(parameters.ExitPDArea[0] && length == 0);
  }
  if (during) during(at);
  if (is_done || is_careless) arrive(to ? queue : at->queues[handle], buffer, length);
  parameters.ExitReason = MQXR_AFTER, parameters.ExitResponse = MQXCC_OK;
  if (!is_after_forgotten && (is_done || is_after_refusal)) {
    if (to)
      ((MQ_PUT1_EXIT *)at->points[1][function])(&parameters, &context, &handle, &to, &descriptor, &options, &length, &buffer, &completion,
                                                &reason);
    else
      ((MQ_PUT_EXIT *)at->points[1][function])(&parameters, &context, &at->handles, &handle, &descriptor, &options, &length, &buffer,
                                               &completion, &reason);
    CHECK(parameters.ExitResponse == MQXCC_OK);
    if (is_done) CHECK(buffer == message.data && length == (MQLONG)message.length);
  }
  return is_done;
}

static int mq_put(manager *at, MQHOBJ handle, bytes message) {
  MQMD descriptor = text();
  MQPMO options = plain();
  return put_with(at, handle, NULL, &descriptor, &options, message);
}

static int mq_put1(manager *at, MQOD to, bytes message) {
  MQMD descriptor = text();
  MQPMO options = plain();
  return put_with(at, -1, &to, &descriptor, &options, message);
}

static void write_config(const char *format, ...) {
  va_list arguments;
  FILE *file = fopen("mq.conf", "w");
  CHECK(file);
  va_start(arguments, format);
  vfprintf(file, format, arguments);
  va_end(arguments);
  fclose(file);
}

static const char config[] =
  "# who gets what goes over a queue\n"
  "policy policy.toml\n"
  "log logs\n\n"
  "put AZ.REPLY - AZ0070000 C\n"
  "put AZ.PLAIN - AZ0070000 -\n"
  "put REMOTE.REPLY PHOENIX AZ0070000 C\n"
  "put NV.REPLY - NV0010000 C\n"
  "put ICE.REPLY - VTICE0900 -\n"
  "put NOBODY.REPLY - ZZ0000000 C\n"
  "get AZ.OLD - AZ0070000 C\n"
  "pass QUERIES -\n";

static bytes original, ice, police, latin, latin_out, cut, nobody, large;

static void test_puts(void) {
  manager *at = connected();
  MQHOBJ az = mq_open(at, "AZ.REPLY");
  size_t before = queues.count;
  /* Redacted, and what may go out as it is; by MQPUT and by MQPUT1. */
  CHECK(mq_put(at, az, original) && is(queues.last, police));
  CHECK(mq_put(at, az, police) && is(queues.last, police));
  CHECK(mq_put(at, mq_open(at, "AZ.PLAIN"), original) && contains(queues.last.data, queues.last.length, "JORDAN"));
  CHECK(mq_put1(at, object("AZ.REPLY", ""), original) && is(queues.last, police));
  CHECK(mq_put1(at, object("AZ.REPLY", "SWITCH"), original) && is(queues.last, police));
  CHECK(mq_put1(at, object("REMOTE.REPLY", "PHOENIX"), original) && is(queues.last, police));
  CHECK(mq_put(at, az, latin) && is(queues.last, latin_out) && latin_out.length > latin.length);
  CHECK(queues.count == before + 7);
  /* What has no responses goes as it is. */
  CHECK(mq_put(at, mq_open(at, "QUERIES"), original) && is(queues.last, original));
  before = queues.count;
  /* Held, to another agency than the envelope says, to nobody known, cut off, no message, too large. */
  CHECK(!mq_put(at, mq_open(at, "ICE.REPLY"), ice) && strstr(said, "held"));
  CHECK(!mq_put(at, mq_open(at, "NV.REPLY"), original) && strstr(said, "withheld"));
  CHECK(!mq_put(at, mq_open(at, "NOBODY.REPLY"), nobody));
  CHECK(!mq_put(at, az, nobody));
  CHECK(!mq_put(at, az, cut));
  CHECK(!mq_put(at, az, (bytes){original.data, 0}));
  CHECK(!mq_put(at, az, large));
  CHECK(!mq_put(at, az, (bytes){original.data, (size_t)-5}) && strstr(said, "negative"));
  /* Queues of which the configuration says nothing: another, of another queue manager, a topic, a list, no queue. */
  CHECK(!mq_put(at, mq_open(at, "OTHER"), original) && strstr(said, "isn't in the configuration"));
  CHECK(!mq_put(at, mq_open(at, "AZ.OLD"), original));
  CHECK(!mq_put1(at, object("REMOTE.REPLY", ""), original));
  CHECK(!mq_put1(at, object("AZ.REPLY", "PHOENIX"), original));
  CHECK(!mq_put1(at, object("QUERIES", "PHOENIX"), original));
  MQOD other = object("AZ.REPLY", "");
  other.ObjectType = MQOT_TOPIC;
  CHECK(!mq_put1(at, other, original));
  other = object("AZ.REPLY", ""), other.Version = MQOD_VERSION_2;
  CHECK(!mq_put1(at, other, original));
  other.RecsPresent = 0;
  CHECK(mq_put1(at, other, original) && queues.count == before + 1);
  CHECK(!mq_put(at, 63, original));
  /* A handle that was closed, and then is another queue's. */
  mq_close(at, az);
  CHECK(!mq_put(at, az, original));
  at->handles = az - 1;
  mq_open(at, "OTHER");
  CHECK(!mq_put(at, az, original) && queues.count == before + 1);
  mq_disconnect(at);
}

/* Descriptors and options of a message that isn't a whole text in UTF-8. */
static void test_descriptors(void) {
  manager *at = connected();
  MQHOBJ az = mq_open(at, "AZ.REPLY");
  size_t before = queues.count;
  MQMD descriptor = text();
  MQPMO options = plain();
#define REFUSED(change) \
  do { \
    descriptor = text(), options = plain(); \
    change; \
    CHECK(!put_with(at, az, NULL, &descriptor, &options, original)); \
  } while (0)
  REFUSED(memcpy(descriptor.Format, "MQHRF2  ", 8));
  REFUSED(memcpy(descriptor.Format, "MQHMDE  ", 8));
  REFUSED(memcpy(descriptor.Format, "        ", 8));
  REFUSED(descriptor.CodedCharSetId = 0);
  REFUSED(descriptor.CodedCharSetId = 37);
  REFUSED(descriptor.CodedCharSetId = 819);
  REFUSED(descriptor.StrucId[0] = 'X');
  REFUSED(descriptor.Version = MQMD_VERSION_2; descriptor.Offset = 0; descriptor.MsgFlags = MQMF_SEGMENT);
  REFUSED(descriptor.Version = MQMD_VERSION_2; descriptor.Offset = 0; descriptor.MsgFlags = MQMF_MSG_IN_GROUP);
  REFUSED(descriptor.Version = MQMD_VERSION_2; descriptor.Offset = 100; descriptor.MsgFlags = MQMF_NONE);
  REFUSED(options.Options = MQPMO_MD_FOR_OUTPUT_ONLY);
  REFUSED(options.Version = MQPMO_VERSION_2; options.RecsPresent = 1);
  REFUSED(options.Version = MQPMO_VERSION_3; options.RecsPresent = 0; options.NewMsgHandle = MQHM_NONE);
  REFUSED(options.Version = MQPMO_VERSION_3; options.RecsPresent = 0; options.OriginalMsgHandle = MQHM_NONE);
  CHECK(!put_with(at, az, NULL, NULL, &options, original) && !put_with(at, az, NULL, &descriptor, NULL, original));
  CHECK(queues.count == before);
  descriptor = text(), options = plain();
  descriptor.Version = MQMD_VERSION_2, descriptor.Offset = 0, descriptor.MsgFlags = MQMF_NONE;
  options.Version = MQPMO_VERSION_3, options.RecsPresent = 0, options.OriginalMsgHandle = options.NewMsgHandle = MQHM_NONE;
  memset(descriptor.CorrelId, 0, sizeof descriptor.CorrelId);
  CHECK(put_with(at, az, NULL, &descriptor, &options, original) && is(queues.last, police));
  mq_disconnect(at);
}

static void put_latin(manager *at) {
  during = NULL;
  CHECK(mq_put(at, 1, latin));
}

/* A queue manager, or another exit, that does otherwise than it should. */
static void test_misuse(void) {
  manager *at = connected();
  MQHOBJ az = mq_open(at, "AZ.REPLY"), ice_reply = mq_open(at, "ICE.REPLY");
  /* It puts what was refused: then it is an empty message. */
  is_careless = 1;
  for (is_after_refusal = 0; is_after_refusal < 2; is_after_refusal++) {
    CHECK(!mq_put(at, ice_reply, ice) && queues.last.length == 0);
    CHECK(!mq_put(at, az, cut) && queues.last.length == 0);
    CHECK(!mq_put(at, 63, original) && queues.last.length == 0);
    CHECK(!mq_put1(at, object("OTHER", ""), original) && queues.last.length == 0);
  }
  is_careless = is_after_refusal = 0;
  /* It puts another message before it has read the first one. */
  during = put_latin;
  CHECK(mq_put(at, az, original) && is(queues.last, police));
  /* It never says that it is done. */
  is_after_forgotten = 1;
  for (int i = 0; i < 3; i++) CHECK(mq_put(at, az, original) && is(queues.last, police));
  is_after_forgotten = 0;
  CHECK(mq_put(at, az, original) && is(queues.last, police));
  /* Each parameter missing. */
  size_t count = queues.count;
  for (int missing = 0; missing < 10; missing++) {
    MQMD descriptor = text(), *descriptor_at = &descriptor;
    MQPMO options = plain(), *options_at = &options;
    MQOD to = object("AZ.REPLY", ""), *to_at = &to;
    MQLONG length = (MQLONG)original.length, completion = MQCC_OK, reason = MQRC_NONE;
    PMQVOID buffer = original.data;
    MQAXC context = {0};
    MQAXP parameters = parameters_of(at, MQXR_BEFORE, MQXF_PUT);
    ((MQ_PUT_EXIT *)at->points[0][MQXF_PUT])(missing == 0 ? NULL : &parameters, missing == 1 ? NULL : &context,
                                             missing == 2 ? NULL : &at->handles, missing == 3 ? NULL : &az,
                                             missing == 4 ? NULL : &descriptor_at, missing == 5 ? NULL : &options_at,
                                             missing == 6 ? NULL : &length, missing == 7 ? NULL : &buffer,
                                             missing == 8 ? NULL : &completion, missing == 9 ? NULL : &reason);
    /* What the exit doesn't need may be missing. */
    CHECK((parameters.ExitResponse == MQXCC_OK) == (missing < 3));
    if (missing != 7) CHECK(buffer != original.data);
    if (missing != 6) CHECK(length != (MQLONG)original.length);
    if (missing == 0) CHECK(completion == MQCC_FAILED && length == 0);
    parameters = parameters_of(at, MQXR_BEFORE, MQXF_PUT1), length = (MQLONG)original.length, buffer = original.data;
    ((MQ_PUT1_EXIT *)at->points[0][MQXF_PUT1])(missing == 0 ? NULL : &parameters, missing == 1 ? NULL : &context,
                                               missing == 2 ? NULL : &at->handles, missing == 3 ? NULL : &to_at,
                                               missing == 4 ? NULL : &descriptor_at, missing == 5 ? NULL : &options_at,
                                               missing == 6 ? NULL : &length, missing == 7 ? NULL : &buffer,
                                               missing == 8 ? NULL : &completion, missing == 9 ? NULL : &reason);
    CHECK((parameters.ExitResponse == MQXCC_OK) == (missing < 3) && (missing == 7 || buffer != original.data));
    ((MQ_PUT_EXIT *)at->points[1][MQXF_PUT])(missing == 0 ? NULL : &parameters, NULL, NULL, NULL, NULL, NULL,
                                             missing == 6 ? NULL : &length, missing == 7 ? NULL : &buffer, NULL, NULL);
  }
  CHECK(!mq_put(at, az, (bytes){NULL, 10}) && queues.count == count);
  /* The user area isn't what the exit put there. */
  MQBYTE area[16];
  memcpy(area, at->area, sizeof area), memset(at->area, 0, sizeof area);
  CHECK(!mq_put(at, az, original) && !mq_put1(at, object("QUERIES", ""), original));
  memcpy(at->area, area, sizeof area);
  mq_disconnect(at);
}

/* MQGET of a whole message from `queue`; `changed` is what the queue manager returns beside it. */
static MQLONG get_with(manager *at, MQHOBJ handle, bytes message, char *buffer, MQLONG room, MQLONG *data_length, MQLONG completion,
                       MQLONG *reason, MQMD descriptor, MQGMO options) {
  MQLONG *data_length_at = data_length;
  PMQMD descriptor_at = &descriptor;
  PMQGMO options_at = &options;
  PMQVOID buffer_at = buffer;
  MQAXC context = {0};
  MQAXP parameters = parameters_of(at, MQXR_AFTER, MQXF_GET);
  memset(buffer, 0x5A, (size_t)room);
  memcpy(buffer, message.data, message.length < (size_t)room ? message.length : (size_t)room);
  *data_length = (MQLONG)message.length;
  ((MQ_GET_EXIT *)at->points[1][MQXF_GET])(&parameters, &context, &at->handles, &handle, &descriptor_at, &options_at, &room, &buffer_at,
                                           &data_length_at, &completion, reason);
  CHECK(parameters.ExitResponse == MQXCC_OK && buffer_at == buffer);
  return completion;
}

static int is_zero(const char *buffer, MQLONG from, MQLONG to) {
  for (MQLONG i = from; i < to; i++)
    if (buffer[i]) return 0;
  return 1;
}

static void test_gets(void) {
  manager *at = connected();
  MQHOBJ old = mq_open(at, "AZ.OLD"), queries = mq_open(at, "QUERIES");
  MQLONG room = (MQLONG)original.length + 100, length, reason = MQRC_NONE;
  char *buffer = malloc((size_t)room);
  MQGMO options = {.Version = MQGMO_VERSION_1, .MsgHandle = 0x5A5A};
  CHECK(buffer);
  CHECK(get_with(at, old, original, buffer, room, &length, MQCC_OK, &reason, text(), options) == MQCC_OK && reason == MQRC_NONE);
  CHECK(is((bytes){(unsigned char *)buffer, (size_t)length}, police) && is_zero(buffer, length, room));
  /* A queue that isn't listed for it: the switch reads originals. */
  CHECK(get_with(at, queries, original, buffer, room, &length, MQCC_OK, &reason, text(), options) == MQCC_OK);
  CHECK(is((bytes){(unsigned char *)buffer, (size_t)length}, original));
#define WITHHELD(message, completion, why, descriptor, options) \
  do { \
    reason = why; \
    CHECK(get_with(at, old, message, buffer, room, &length, completion, &reason, descriptor, options) == MQCC_FAILED); \
    CHECK(reason == MQRC_SUPPRESSED_BY_EXIT && length == 0 && is_zero(buffer, 0, room)); \
  } while (0)
  MQMD other = text();
  WITHHELD(cut, MQCC_OK, MQRC_NONE, text(), options);
  WITHHELD(ice, MQCC_OK, MQRC_NONE, text(), options);
  WITHHELD(original, MQCC_WARNING, MQRC_TRUNCATED_MSG_ACCEPTED, text(), options);
  WITHHELD(original, MQCC_WARNING, MQRC_NOT_CONVERTED, text(), options);
  memcpy(other.Format, "MQHRF2  ", 8);
  WITHHELD(original, MQCC_OK, MQRC_NONE, other, options);
  options.Version = MQGMO_VERSION_4;
  WITHHELD(original, MQCC_OK, MQRC_NONE, text(), options);
  options.Version = MQGMO_VERSION_1;
  /* Longer than the buffer: of the message, and of the output alone. */
  MQLONG whole = room;
  memcpy(buffer, original.data, original.length), room = 60000; /* the rest would be there */
  WITHHELD(original, MQCC_OK, MQRC_NONE, text(), options);
  room = (MQLONG)latin.length;
  WITHHELD(latin, MQCC_OK, MQRC_NONE, text(), options);
  room = (MQLONG)latin_out.length, reason = MQRC_NONE;
  CHECK(get_with(at, old, latin, buffer, room, &length, MQCC_OK, &reason, text(), options) == MQCC_OK);
  CHECK(is((bytes){(unsigned char *)buffer, (size_t)length}, latin_out));
  room = whole;
  /* Failed by itself: the reason stays, and the length; what came nevertheless doesn't. */
  reason = MQRC_TRUNCATED_MSG_FAILED;
  CHECK(get_with(at, old, original, buffer, room, &length, MQCC_WARNING, &reason, text(), options) == MQCC_WARNING);
  CHECK(reason == MQRC_TRUNCATED_MSG_FAILED && length == (MQLONG)original.length && is_zero(buffer, 0, room));
  reason = MQRC_NO_MSG_AVAILABLE;
  CHECK(get_with(at, old, original, buffer, room, &length, MQCC_FAILED, &reason, text(), options) == MQCC_FAILED);
  CHECK(reason == MQRC_NO_MSG_AVAILABLE && is_zero(buffer, 0, room));
  /* Each parameter missing: the buffer is empty, whoever forgot what. */
  for (int missing = 0; missing < 10; missing++) {
    MQMD descriptor = text(), *descriptor_at = &descriptor;
    MQGMO *options_at = &options;
    MQLONG completion = MQCC_OK, *length_at = &length;
    PMQVOID buffer_at = buffer;
    MQAXP parameters = parameters_of(at, MQXR_AFTER, MQXF_GET);
    memset(buffer, 0, (size_t)room), memcpy(buffer, original.data, original.length);
    length = (MQLONG)original.length, reason = MQRC_NONE;
    ((MQ_GET_EXIT *)at->points[1][MQXF_GET])(missing == 0 ? NULL : &parameters, NULL, NULL, missing == 1 ? NULL : &old,
                                             missing == 2 ? NULL : &descriptor_at, missing == 3 ? NULL : &options_at,
                                             missing == 4 ? NULL : &room, missing == 5 ? NULL : &buffer_at,
                                             missing == 6 ? NULL : &length_at, missing == 7 ? NULL : &completion,
                                             missing == 8 ? NULL : &reason);
    /* Without a handle it is no queue that is listed; without a buffer there is none to empty. */
    if (missing != 1 && missing != 4 && missing != 5) CHECK(!contains(buffer, (size_t)room, "900-12-3456"));
    if (missing == 4 || missing == 5) CHECK(completion == MQCC_FAILED);
    if (missing == 9) CHECK(is((bytes){(unsigned char *)buffer, (size_t)length}, police));
  }
  /* Consumers. */
  for (int i = 0; i < 2; i++) {
    MQLONG operation = 0x100, completion = MQCC_OK, why = MQRC_NONE;
    MQAXP parameters = parameters_of(at, MQXR_BEFORE, MQXF_CB);
    ((MQ_CB_EXIT *)at->points[0][MQXF_CB])(&parameters, NULL, NULL, &operation, NULL, i ? &old : &queries, NULL, NULL, &completion,
                                           &why);
    CHECK(parameters.ExitResponse == (i ? MQXCC_SUPPRESS_FUNCTION : MQXCC_OK) && completion == (i ? MQCC_FAILED : MQCC_OK));
  }
  /* An open that the exit can't remember: all is refused. */
  MQLONG completion = MQCC_OK;
  MQAXP parameters = parameters_of(at, MQXR_AFTER, MQXF_OPEN);
  ((MQ_OPEN_EXIT *)at->points[1][MQXF_OPEN])(&parameters, NULL, NULL, NULL, NULL, NULL, &completion, &reason);
  reason = MQRC_NONE;
  CHECK(get_with(at, queries, original, buffer, room, &length, MQCC_OK, &reason, text(), options) == MQCC_FAILED);
  CHECK(is_zero(buffer, 0, room));
  CHECK(!mq_put(at, queries, original) && !mq_put1(at, object("QUERIES", ""), original));
  free(buffer);
  mq_disconnect(at);
}

/* What is wrong when an application connects: it doesn't. */
static void test_starts(void) {
  MQLONG completion;
  static const struct {
    const char *text, *says;
  } wrong[] = {
    {"", "no policy or log"},
    {"policy policy.toml\n", "no policy or log"},
    {"log logs\n", "no policy or log"},
    {"policy missing.toml\nlog logs\n", "missing.toml"},
    {"policy mq.conf\nlog logs\n", "mq.conf:1:"},
    {"policy policy.toml\nlog no/such/folder\n", "log"},
    {"policy policy.toml\nlog logs\nkey no/such/key\n", "log"},
    {"policy policy.toml\nlog logs\nput AZ.REPLY - AZ0070000\n", "mq.conf:3:"},
    {"policy policy.toml\nlog logs\nput AZ.REPLY - AZ0070000 C C\n", "mq.conf:3:"},
    {"policy policy.toml\nlog logs\nput AZ.REPLY - - C\n", "mq.conf:3:"},
    {"policy policy.toml\nlog logs\nput AZ.REPLY - AZ00700001 C\n", "mq.conf:3:"},
    {"policy policy.toml\nlog logs\nput AZ.REPLY - AZ0070000 X\n", "AZ.REPLY"},
    {"policy policy.toml\nlog logs\nput AZ.REPLY - az C\n", "requester"},
    {"policy policy.toml\nlog logs\nput A - AZ0070000 C\nput A - AZ0070000 D\n", "mq.conf:4:"},
    {"policy policy.toml\nlog logs\nput A - AZ0070000 C\npass A -\n", "mq.conf:4:"},
    {"policy policy.toml\npolicy policy.toml\nlog logs\n", "mq.conf:2:"},
    {"policy policy.toml\nlog logs\nallow A -\n", "mq.conf:3:"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    write_config("%s", wrong[i].text);
    if (mq_connect(&completion) || !strstr(said, wrong[i].says)) fprintf(stderr, "%s%s\n", wrong[i].text, said), exit(1);
  }
  /* A policy with two errors: each in a line of its own, with its place and its help, once. */
  FILE *policy = fopen("wrong.toml", "w");
  CHECK(policy && fputs("[policy]\nname = 'own'\nversion = '1'\npurpose = ['C']\n[agencies.all]\nori = ['*']\n[[permit]]\n"
                        "id = 'a'\nagencies = ['all']\nelements = ['person.birthdate']\n", policy) >= 0 && !fclose(policy));
  write_config("policy wrong.toml\nlog logs\n");
  CHECK(!mq_connect(&completion) && !unlink("wrong.toml"));
  CHECK(!strcmp(said_before, "dmv-redact: policy: wrong.toml:4:1: unknown key `purpose`; did you mean `purposes`?"));
  CHECK(!strcmp(said, "dmv-redact: policy: wrong.toml:10:13: unknown data element `person.birthdate`; "
                      "did you mean `person.birth-date`?"));
  CHECK(!unlink("mq.conf") && !mq_connect(&completion));
  write_config("%s", config);
  for (refused_function = 2; refused_function < 20; refused_function++)
    if (strchr("\2\6\7\10\11\12\23", refused_function)) CHECK(!mq_connect(&completion) && strstr(said, "MQXEP"));
  refused_function = 0;
  /* Another configuration in the same process. */
  manager *at = connected();
  MQLONG reason = MQRC_NONE;
  MQAXP parameters = parameters_of(at, MQXR_CONNECTION, 1);
  parameters.ExitData[0] = 'M';
  entry(&parameters, NULL, &completion, &reason);
  CHECK(parameters.ExitResponse == MQXCC_FAILED && strstr(said, "this process has"));
  /* Parameters that are missing, and no entry points. */
  parameters = parameters_of(at, MQXR_CONNECTION, 1), parameters.Hconfig = NULL;
  entry(&parameters, NULL, &completion, &reason);
  CHECK(parameters.ExitResponse == MQXCC_FAILED);
  parameters = parameters_of(at, MQXR_CONNECTION, 1);
  entry(&parameters, NULL, NULL, &reason);
  CHECK(parameters.ExitResponse == MQXCC_FAILED);
  entry(NULL, NULL, &completion, &reason);
  mq_disconnect(at);
}

/* The disk is full: what isn't on record isn't put, until all have disconnected and there is room again. */
static void test_full_disk(void) {
  char path[64];
  struct stat log;
  struct rlimit limit, unlimited;
  manager *at = connected(), *other = connected();
  MQHOBJ az = mq_open(at, "AZ.REPLY");
  int done = 0;
  snprintf(path, sizeof path, "logs/%ld.ndjson", (long)getpid());
  CHECK(!stat(path, &log) && !getrlimit(RLIMIT_FSIZE, &unlimited));
  limit = unlimited, limit.rlim_cur = (rlim_t)log.st_size + 5000;
  signal(SIGXFSZ, SIG_IGN);
  CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
  while (mq_put(at, az, original)) CHECK(++done < 100 && is(queues.last, police));
  CHECK(done > 0);
  size_t before = queues.count;
  for (int i = 0; i < 5; i++) CHECK(!mq_put(at, az, original) && !mq_put1(other, object("AZ.REPLY", ""), original));
  CHECK(!setrlimit(RLIMIT_FSIZE, &unlimited));
  mq_disconnect(at);
  CHECK(!mq_put1(other, object("AZ.REPLY", ""), original) && queues.count == before);
  mq_disconnect(other);
  at = connected();
  CHECK(mq_put1(at, object("AZ.REPLY", ""), original) && is(queues.last, police));
  mq_disconnect(at);
}

/* A child of a process that is connected: its parent's connection is none of its own. */
static void test_fork(void) {
  manager *at = connected();
  MQHOBJ az = mq_open(at, "AZ.REPLY");
  pid_t child = fork();
  int status;
  if (!child) {
    size_t before = queues.count;
    CHECK(!mq_put(at, az, original) && !mq_put1(at, object("QUERIES", ""), original) && queues.count == before);
    manager *own = connected();
    CHECK(mq_put1(own, object("AZ.REPLY", ""), original) && is(queues.last, police));
    mq_disconnect(at), mq_disconnect(own);
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && !WEXITSTATUS(status));
  CHECK(mq_put(at, az, original) && is(queues.last, police));
  mq_disconnect(at);
}

enum { THREADS = 8, PUTS = 25 };
static manager *shared;

static void *put_often(void *is_shared) {
  for (int round = 0; round < 3; round++) {
    manager *at = is_shared ? shared : connected();
    MQHOBJ az = is_shared ? 1 : mq_open(at, "AZ.REPLY"), ice_reply = is_shared ? 2 : mq_open(at, "ICE.REPLY");
    for (int i = 0; i < PUTS; i++) {
      CHECK(mq_put(at, az, i % 2 ? original : latin));
      CHECK(!mq_put(at, ice_reply, ice));
    }
    if (!is_shared) mq_disconnect(at);
  }
  return NULL;
}

/* Threads with connections of their own, that come and go, and some that share one and don't wait for each other. */
static void test_threads(void) {
  pthread_t threads[THREADS];
  shared = connected();
  mq_open(shared, "AZ.REPLY"), mq_open(shared, "ICE.REPLY");
  size_t before = queues.count;
  for (int i = 0; i < THREADS; i++) CHECK(!pthread_create(&threads[i], NULL, put_often, i % 2 ? &shared : NULL));
  for (int i = 0; i < THREADS; i++) CHECK(!pthread_join(threads[i], NULL));
  CHECK(queues.count == before + THREADS * 3 * PUTS);
  mq_disconnect(shared);
}

/* A fault of the library, and messages after it. */
static void test_panic(void) {
  static const char bad[] = "panic! CANARY";
  manager *at = connected();
  MQHOBJ az = mq_open(at, "AZ.REPLY"), old = mq_open(at, "AZ.OLD");
  bytes message = protected_bytes(bad, sizeof bad);
  size_t before = queues.count;
  char buffer[64];
  for (int i = 0; i < 20; i++) {
    MQLONG length, reason = MQRC_NONE;
    MQGMO options = {.Version = MQGMO_VERSION_1};
    CHECK(!mq_put(at, az, message) && strstr(said, "the filter failed"));
    CHECK(get_with(at, old, message, buffer, sizeof buffer, &length, MQCC_OK, &reason, text(), options) == MQCC_FAILED);
    CHECK(is_zero(buffer, 0, sizeof buffer));
    CHECK(mq_put(at, az, original) && is(queues.last, police));
  }
  CHECK(queues.count == before + 20);
  mq_disconnect(at);
}

int main(int count, char **arguments) {
  CHECK(count == 3 || count == 4);
  void *exit_at = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (!exit_at) fprintf(stderr, "%s\n", dlerror());
  CHECK(exit_at);
  *(void **)&entry = dlsym(exit_at, "dmv_redact");
  CHECK(entry && dlsym(exit_at, "MQStart"));
  original = read_bytes(arguments[2], "fixtures/dr-in-state-police/message.xml");
  ice = read_bytes(arguments[2], "fixtures/dr-ice/message.xml");
  nobody = read_bytes(arguments[2], "fixtures/dr-unknown-agency/message.xml");
  police = read_bytes(".", "police.xml"), latin = read_bytes(".", "latin.xml"), latin_out = read_bytes(".", "latin-out.xml");
  cut = protected_bytes(original.data, 5000);
  CHECK(contains(original.data, original.length, "900-12-3456") && contains(police.data, police.length, "JORDAN"));
  /* A message of 17 MiB, of which only the length is wrong. */
  char *long_text = malloc(17 << 20);
  CHECK(long_text);
  memset(long_text, ' ', 17 << 20);
  memcpy(long_text, original.data, original.length);
  large = protected_bytes(long_text, 17 << 20);
  free(long_text);
  if (count == 4 && !strcmp(arguments[3], "connect")) return mq_disconnect(connected()), 0;
  write_config("%s", config);
  if (count == 4) {
    strcmp(arguments[3], "fork") ? test_panic() : test_fork();
    return 0;
  }
  test_starts();
  test_puts();
  test_descriptors();
  test_misuse();
  test_gets();
  test_full_disk();
  test_threads();
  printf("mq_test: %lu messages came to a queue\n", (unsigned long)queues.count);
  free(queues.last.data);
  return 0;
}
