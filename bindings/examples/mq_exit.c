/* An API exit of IBM MQ: what an application puts on a requester's queue goes there redacted and on record, or not at all.
 *
 *   cc -m64 -shared -fPIC mq_exit.c -I /opt/mqm/inc $(pkg-config --cflags --libs dmv_redact) -o /var/mqm/exits64/dmv_redact_r
 *
 * docs/mq.md says when to use it, how it is configured, and what it can't close. Part one decides, and knows no more of MQ than a
 * message descriptor. Part two is where MQ calls. Each call begins as refused, and is let through at its end. */
#define _XOPEN_SOURCE 700
#include <cmqec.h>
#include <dmv_redact.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <syslog.h>
#include <unistd.h>

/* Part one: the decision. */

enum { UTF_8 = 1208 };

/* A line of the configuration: who gets what goes over a queue. Never what a message says. */
typedef struct {
  enum { PUT, GET, PASS } use;
  char queue[MQ_Q_NAME_LENGTH + 1], manager[MQ_Q_NAME_LENGTH + 1]; /* of this queue manager: empty */
  char ori[10], purpose[9];
} route;

/* What a message is decided with. Filter and log are the process's, the rest is the connection's. */
typedef struct {
  const dmvr_filter *filter;
  const dmvr_log *log;
  dmvr_request *request;
  dmvr_redaction *redaction;
} worker;

/* One line to syslog: never a value of a message. */
static void report(const char *format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  syslog(LOG_ERR, "dmv-redact: %s", line);
}

/* Whether a call did its work. If not, syslog has a line for each error: of a policy there may be several. */
static int done(const char *what, dmvr_code code) {
  dmvr_error error;
  if (code == DMVR_CODE_OK) return 1;
  if (dmvr_last_error(&error) != DMVR_CODE_OK) return report("%s: code %d", what, (int)code), 0;
  const char *line = error.message;
  do {
    size_t length = strcspn(line, "\n");
    report("%s: %.*s", what, (int)length, line);
    line += length;
  } while (*line++);
  return 0;
}

static int state(dmvr_request *request, const route *to, const char *id) {
  return done("request", dmvr_request_clear(request)) &&
         done("requester", dmvr_request_set(request, DMVR_ATTRIBUTE_REQUESTER, to->ori)) &&
         (!*to->purpose || done("purpose", dmvr_request_set(request, DMVR_ATTRIBUTE_PURPOSE, to->purpose))) &&
         (!*id || done("id", dmvr_request_set(request, DMVR_ATTRIBUTE_CORRELATION_ID, id)));
}

/* What may go out of a message to a requester: on record, and no longer than `capacity`. Null if nothing may, and then `why`. */
static dmvr_text decide(const worker *with, const route *to, const void *message, size_t length, size_t capacity, const char *id,
                        const char **why) {
  static const dmvr_text nothing = {NULL, 0};
  dmvr_receipt receipt;
  dmvr_text output;
  *why = "the filter failed";
  if (!message || !length) return *why = "there is no message", nothing;
  if (!state(with->request, to, id) || !done("redact", dmvr_redact(with->filter, with->request, message, length, with->redaction)) ||
      !done("receipt", dmvr_receipt_get(with->redaction, &receipt)))
    return nothing;
  /* Before it is on record: nobody gets it. */
  if (receipt.bytes_out > capacity) return *why = "the output is longer than the buffer", nothing;
  *why = "it can't be recorded";
  if (!done("log", dmvr_log_append(with->log, to->queue, NULL, with->request, with->redaction))) return nothing;
  *why = receipt.disposition == DMVR_DISPOSITION_HELD ? "held, see the log" : "withheld, see the log";
  if (receipt.releases != 1 || !done("output", dmvr_redaction_output(with->redaction, &output))) return nothing;
  if (!output.data || !output.length || output.length != receipt.bytes_out) return nothing;
  return *why = NULL, output;
}

/* Why a message isn't one that the filter can read whole; null if it is. The encoding of numbers doesn't matter to text in UTF-8. */
static const char *unreadable(const MQMD *descriptor) {
  if (!descriptor || memcmp(descriptor->StrucId, MQMD_STRUC_ID, sizeof descriptor->StrucId)) return "it has no descriptor";
  if (memcmp(descriptor->Format, MQFMT_STRING, sizeof descriptor->Format)) return "its format isn't MQSTR"; /* nor has it headers */
  if (descriptor->CodedCharSetId != UTF_8) return "its character set isn't 1208";
  if (descriptor->Version >= MQMD_VERSION_2 && (descriptor->MsgFlags != MQMF_NONE || descriptor->Offset != 0))
    return "it is a segment, or in a group";
  return NULL;
}

/* The correlation id as the log takes it: empty if there is none. */
static void write_id(const MQMD *descriptor, char id[2 * sizeof descriptor->CorrelId + 1]) {
  int is_set = 0;
  for (size_t i = 0; i < sizeof descriptor->CorrelId; i++) {
    is_set |= descriptor->CorrelId[i];
    sprintf(id + 2 * i, "%02x", (unsigned)descriptor->CorrelId[i]);
  }
  if (!is_set) *id = 0;
}

/* Part two: MQ. */

/* The process's: filter and log are for all its threads and connections. */
static struct {
  pthread_mutex_t lock;
  pid_t owner;
  size_t connections;
  char path[sizeof((MQAXP *)0)->ExitData + 1];
  dmvr_filter *filter;
  dmvr_log *log;
  route *routes;
  size_t count;
} process = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* A put that the queue manager has not answered yet: it holds what the queue manager reads. */
typedef struct pending {
  struct pending *next;
  void *buffer;
  MQLONG length;
  unsigned char bytes[];
} pending;

typedef struct {
  MQHOBJ handle;
  const route *put, *get; /* null: not in the configuration */
} opened;

/* A connection's. MQ lets one call at a time into a connection; the lock makes sure of it, where threads share one. */
typedef struct {
  pthread_mutex_t lock;
  pid_t owner;
  worker worker;
  opened *objects;
  size_t count, room;
  pending *puts;
  int is_blind; /* a queue was opened that couldn't be remembered: refuse all */
} connection;

/* The text of a field, which ends with blanks or a zero. */
static void read_field(char *to, const MQCHAR *field, size_t length) {
  memcpy(to, field, length), to[length] = 0;
  for (length = strlen(to); length && to[length - 1] == ' ';) to[--length] = 0;
}

/* The line of the configuration for an object: exactly this queue, of exactly this queue manager. */
static const route *find(int is_get, const MQOD *object, const MQAXP *parameters) {
  if (object->ObjectType != MQOT_Q || (object->Version >= MQOD_VERSION_2 && object->RecsPresent != 0)) return NULL;
  char queue[MQ_Q_NAME_LENGTH + 1], manager[MQ_Q_NAME_LENGTH + 1], here[MQ_Q_NAME_LENGTH + 1];
  read_field(queue, object->ObjectName, MQ_Q_NAME_LENGTH);
  read_field(manager, object->ObjectQMgrName, MQ_Q_NAME_LENGTH);
  read_field(here, parameters->QMgrName, MQ_Q_NAME_LENGTH);
  if (!strcmp(manager, here)) *manager = 0;
  for (size_t i = 0; i < process.count; i++) {
    const route *at = &process.routes[i];
    if ((at->use == GET) == is_get && !strcmp(queue, at->queue) && !strcmp(manager, at->manager)) return at;
  }
  return NULL;
}

static int read_name(char *to, size_t size, const char *from) {
  if (!from || !*from || strlen(from) >= size) return 0;
  strcpy(to, strcmp(from, "-") ? from : "");
  return 1;
}

/* `put QUEUE QMGR ORI PURPOSE`, `get QUEUE QMGR ORI PURPOSE` or `pass QUEUE QMGR`. */
static int read_route(const char *word, char **rest) {
  route *more = realloc(process.routes, (process.count + 1) * sizeof *more), *to;
  if (!more) return 0;
  process.routes = more;
  to = memset(&more[process.count], 0, sizeof *more);
  if (!strcmp(word, "put")) to->use = PUT;
  else if (!strcmp(word, "get")) to->use = GET;
  else if (!strcmp(word, "pass")) to->use = PASS;
  else return 0;
  if (!read_name(to->queue, sizeof to->queue, strtok_r(NULL, " \t\n", rest)) || !*to->queue ||
      !read_name(to->manager, sizeof to->manager, strtok_r(NULL, " \t\n", rest)))
    return 0;
  if (to->use != PASS && (!read_name(to->ori, sizeof to->ori, strtok_r(NULL, " \t\n", rest)) || !*to->ori ||
                          !read_name(to->purpose, sizeof to->purpose, strtok_r(NULL, " \t\n", rest))))
    return 0;
  for (size_t i = 0; i < process.count; i++)
    if ((more[i].use == GET) == (to->use == GET) && !strcmp(more[i].queue, to->queue) && !strcmp(more[i].manager, to->manager))
      return 0;
  process.count++;
  return 1;
}

/* Frees what the process has; with its lock. */
static void stop(void) {
  dmvr_log_free(process.log), dmvr_filter_free(process.filter), free(process.routes);
  process.log = NULL, process.filter = NULL, process.routes = NULL, process.count = 0, process.owner = 0;
}

/* Reads the configuration, the policy, and opens the log; with the lock. */
static int start(void) {
  char line[4096], folder[2048] = "", key[2048] = "", at[2100], *rest, *word;
  dmvr_config *config = NULL;
  dmvr_request *request = NULL;
  dmvr_log_options options = {0};
  unsigned number = 0;
  int is_good = 0, has_policy = 0;
  FILE *file = fopen(process.path, "r");
  if (!file) return report("%s: can't be read", process.path), 0;
  if (!done("configuration", dmvr_config_new(&config)) || !done("request", dmvr_request_new(&request))) goto end;
  while (number++, fgets(line, sizeof line, file)) {
    if (!(word = strtok_r(line, " \t\n", &rest)) || *word == '#') continue;
    if (!strcmp(word, "policy") && !has_policy) {
      if (!(word = strtok_r(NULL, " \t\n", &rest)) || !done("policy", dmvr_config_path(config, DMVR_PART_POLICY, word))) goto wrong;
      has_policy = 1;
    } else if (!strcmp(word, "log") && !*folder) {
      if (!read_name(folder, sizeof folder, strtok_r(NULL, " \t\n", &rest))) goto wrong;
    } else if (!strcmp(word, "key") && !*key) {
      if (!read_name(key, sizeof key, strtok_r(NULL, " \t\n", &rest))) goto wrong;
    } else if (!read_route(word, &rest)) {
      goto wrong;
    }
    if (strtok_r(NULL, " \t\n", &rest)) goto wrong;
  }
  if (ferror(file) || !has_policy || !*folder) {
    report("%s: can't be read, or has no policy or log", process.path);
    goto end;
  }
  if (!done("policy", dmvr_filter_new(config, &process.filter))) goto end;
  /* A request that the policy doesn't know would have each of its messages withheld: say so now. */
  for (size_t i = 0; i < process.count; i++)
    if (process.routes[i].use != PASS && !(state(request, &process.routes[i], "") &&
                                           done(process.routes[i].queue, dmvr_filter_check(process.filter, request))))
      goto end;
  /* One process writes a log at a time. */
  options.key_path = *key ? key : NULL;
  snprintf(at, sizeof at, "%s/%ld.ndjson", folder, (long)getpid());
  is_good = done("log", dmvr_log_open(at, process.filter, &options, &process.log));
  goto end;
wrong:
  report("%s:%u: isn't understood", process.path, number);
end:
  fclose(file), dmvr_request_free(request), dmvr_config_free(config);
  if (is_good)
    process.owner = getpid();
  else
    stop();
  return is_good;
}

/* A connection ends: the last one of the process ends the log. */
static void disconnect(connection *ended) {
  for (pending *put = ended->puts, *next; put; put = next) next = put->next, free(put);
  dmvr_redaction_free(ended->worker.redaction), dmvr_request_free(ended->worker.request);
  pthread_mutex_destroy(&ended->lock);
  free(ended->objects), free(ended);
  pthread_mutex_lock(&process.lock);
  if (--process.connections == 0) {
    done("log", dmvr_log_end(process.log, NULL));
    stop();
  }
  pthread_mutex_unlock(&process.lock);
}

static connection *connect_with(const MQAXP *parameters) {
  connection *new = calloc(1, sizeof *new);
  char path[sizeof process.path];
  if (!new) return NULL;
  read_field(path, parameters->ExitData, sizeof parameters->ExitData);
  pthread_mutex_init(&new->lock, NULL);
  pthread_mutex_lock(&process.lock);
  /* What a parent had when it forked is the parent's: its log has its own writer. */
  if (process.connections && process.owner != getpid())
    process.connections = 0, process.log = NULL, process.filter = NULL, process.routes = NULL, process.count = 0;
  int is_good = 0;
  if (process.connections) {
    is_good = !strcmp(process.path, path);
    if (!is_good) report("%s: this process has %s", path, process.path);
  } else {
    strcpy(process.path, path);
    is_good = start();
  }
  process.connections += is_good;
  new->owner = getpid(), new->worker.filter = process.filter, new->worker.log = process.log;
  pthread_mutex_unlock(&process.lock);
  if (!is_good) return pthread_mutex_destroy(&new->lock), free(new), NULL;
  if (done("request", dmvr_request_new(&new->worker.request)) && done("redaction", dmvr_redaction_new(&new->worker.redaction)))
    return new;
  return disconnect(new), NULL;
}

/* The connection of a call: null in a child of the process that connected. */
static connection *connection_of(const MQAXP *parameters) {
  connection *found = NULL;
  if (parameters) memcpy(&found, parameters->ExitUserArea, sizeof found);
  return found && found->owner == getpid() ? found : NULL;
}

/* Refuses a call, before or after it was made. */
static void refuse(PMQAXP parameters, PMQLONG completion, PMQLONG reason, const char *why) {
  if (completion) *completion = MQCC_FAILED;
  if (reason) *reason = MQRC_SUPPRESSED_BY_EXIT;
  if (!parameters) return;
  parameters->ExitResponse = MQXCC_SUPPRESS_FUNCTION;
  memset(parameters->ExitPDArea, 0, sizeof parameters->ExitPDArea);
  memcpy(parameters->ExitPDArea, why, strlen(why) < sizeof parameters->ExitPDArea ? strlen(why) : sizeof parameters->ExitPDArea);
}

static const opened *object_of(const connection *of, const MQHOBJ *handle) {
  for (size_t i = 0; handle && i < of->count; i++)
    if (of->objects[i].handle == *handle) return &of->objects[i];
  return NULL;
}

/* Puts what may go out where the queue manager looks. Null, or why nothing may; with the connection's lock. */
static const char *redact(connection *of, const route *to, const MQMD *descriptor, const MQPMO *options, const void *message,
                          MQLONG length, PMQLONG to_length, PPMQVOID to_buffer) {
  const char *why = unreadable(descriptor);
  char id[2 * sizeof descriptor->CorrelId + 1];
  if (why) return why;
  if (!options) return "it has no options";
  if (options->Options & MQPMO_MD_FOR_OUTPUT_ONLY) return "its descriptor isn't the one that counts";
  if (options->Version >= MQPMO_VERSION_2 && options->RecsPresent != 0) return "it goes to several queues";
  /* Properties go beside the message, and aren't redacted. */
  if (options->Version >= MQPMO_VERSION_3 && (options->OriginalMsgHandle != MQHM_NONE || options->NewMsgHandle != MQHM_NONE))
    return "it has properties";
  if (length < 0) return "its length is negative";
  write_id(descriptor, id);
  dmvr_text output = decide(&of->worker, to, message, (size_t)length, INT32_MAX, id, &why);
  if (!output.data) return why;
  /* A copy, since the redaction may be used again before the queue manager has read it: by another exit on this connection. */
  pending *put = malloc(sizeof *put + output.length);
  if (!put) return "there is no memory";
  put->next = of->puts, put->buffer = (void *)(uintptr_t)message, put->length = length;
  of->puts = put;
  *to_buffer = memcpy(put->bytes, output.data, output.length), *to_length = (MQLONG)output.length;
  return NULL;
}

/* Before MQPUT and MQPUT1. The application's buffer is left as it is: the queue manager gets another one. */
static void before(PMQAXP parameters, connection *of, const route *to, PPMQMD descriptor, PPMQPMO options, PMQLONG length,
                   PPMQVOID buffer, PMQLONG completion, PMQLONG reason) {
  static char nothing[1];
  refuse(parameters, completion, reason, "the exit was called wrongly");
  void *message = buffer ? *buffer : NULL;
  MQLONG message_length = length ? *length : 0;
  /* From here on there is no original where the queue manager looks, should a later exit take the refusal back. */
  if (buffer) *buffer = nothing;
  if (length) *length = 0;
  if (!of || !buffer || !length || !completion || !reason) return;
  const char *why = "its queue isn't in the configuration";
  pthread_mutex_lock(&of->lock);
  if (of->is_blind) why = "a queue couldn't be remembered";
  else if (to && to->use == PASS) why = NULL, *buffer = message, *length = message_length;
  else if (to)
    why = redact(of, to, descriptor ? *descriptor : NULL, options ? *options : NULL, message, message_length, length, buffer);
  pthread_mutex_unlock(&of->lock);
  if (why) {
    report("%s: nothing was put: %s", to ? to->queue : "MQPUT", why);
    refuse(parameters, completion, reason, why);
  } else {
    parameters->ExitResponse = MQXCC_OK, *completion = MQCC_OK, *reason = MQRC_NONE;
  }
}

/* After MQPUT and MQPUT1: the application's buffer is in its place again. */
static void after(PMQAXP parameters, PMQLONG length, PPMQVOID buffer) {
  connection *of = connection_of(parameters);
  if (parameters) parameters->ExitResponse = MQXCC_OK;
  if (!of || !length || !buffer) return;
  pthread_mutex_lock(&of->lock);
  for (pending **at = &of->puts; *at; at = &(*at)->next)
    if (*buffer == (*at)->bytes) {
      pending *put = *at;
      *at = put->next, *buffer = put->buffer, *length = put->length;
      free(put);
      break;
    }
  pthread_mutex_unlock(&of->lock);
}

static MQ_PUT_EXIT before_put, after_put;
static MQ_PUT1_EXIT before_put1, after_put1;
static MQ_GET_EXIT after_get;
static MQ_CB_EXIT before_callback;
static MQ_OPEN_EXIT after_open;
static MQ_CLOSE_EXIT before_close;
static MQ_TERM_EXIT terminate;
MQ_INIT_EXIT dmv_redact;

static void MQENTRY before_put(PMQAXP parameters, PMQAXC context, PMQHCONN handle, PMQHOBJ object, PPMQMD descriptor, PPMQPMO options,
                               PMQLONG length, PPMQVOID buffer, PMQLONG completion, PMQLONG reason) {
  connection *of = connection_of(parameters);
  const route *to = NULL;
  (void)context, (void)handle;
  if (of) {
    pthread_mutex_lock(&of->lock);
    const opened *found = object_of(of, object);
    if (found) to = found->put;
    pthread_mutex_unlock(&of->lock);
  }
  before(parameters, of, to, descriptor, options, length, buffer, completion, reason);
}

static void MQENTRY after_put(PMQAXP parameters, PMQAXC context, PMQHCONN handle, PMQHOBJ object, PPMQMD descriptor, PPMQPMO options,
                              PMQLONG length, PPMQVOID buffer, PMQLONG completion, PMQLONG reason) {
  (void)context, (void)handle, (void)object, (void)descriptor, (void)options, (void)completion, (void)reason;
  after(parameters, length, buffer);
}

static void MQENTRY before_put1(PMQAXP parameters, PMQAXC context, PMQHCONN handle, PPMQOD object, PPMQMD descriptor, PPMQPMO options,
                                PMQLONG length, PPMQVOID buffer, PMQLONG completion, PMQLONG reason) {
  connection *of = connection_of(parameters);
  (void)context, (void)handle;
  before(parameters, of, of && object && *object ? find(0, *object, parameters) : NULL, descriptor, options, length, buffer, completion,
         reason);
}

static void MQENTRY after_put1(PMQAXP parameters, PMQAXC context, PMQHCONN handle, PPMQOD object, PPMQMD descriptor, PPMQPMO options,
                               PMQLONG length, PPMQVOID buffer, PMQLONG completion, PMQLONG reason) {
  (void)context, (void)handle, (void)object, (void)descriptor, (void)options, (void)completion, (void)reason;
  after(parameters, length, buffer);
}

/* After MQGET: the original is in the application's buffer already. It is overwritten there, with the output or with zeros. */
static void MQENTRY after_get(PMQAXP parameters, PMQAXC context, PMQHCONN handle, PMQHOBJ object, PPMQMD descriptor, PPMQGMO options,
                              PMQLONG length, PPMQVOID buffer, PPMQLONG data_length, PMQLONG completion, PMQLONG reason) {
  connection *of = connection_of(parameters);
  const char *why = "the exit was called wrongly";
  char id[2 * sizeof((MQMD *)0)->CorrelId + 1];
  size_t written = 0;
  (void)context, (void)handle;
  if (of && length && buffer && data_length && *data_length && completion && reason) {
    pthread_mutex_lock(&of->lock);
    const opened *found = object_of(of, object);
    const MQMD *message = descriptor ? *descriptor : NULL;
    if (!of->is_blind && (!found || !found->get)) {
      /* A queue of which the configuration says nothing: the application may read originals. */
      pthread_mutex_unlock(&of->lock);
      parameters->ExitResponse = MQXCC_OK;
      return;
    }
    why = unreadable(message);
    if (of->is_blind) why = "a queue couldn't be remembered";
    else if (*completion != MQCC_OK || *reason != MQRC_NONE) why = "the message isn't whole";
    else if (!options || !*options) why = "it has no options";
    else if ((*options)->Version >= MQGMO_VERSION_4 && (*options)->MsgHandle != MQHM_NONE) why = "it may have properties";
    else if (!*buffer || **data_length < 0 || **data_length > *length) why = "the message isn't whole";
    if (!why) {
      write_id(message, id);
      dmvr_text output = decide(&of->worker, found->get, *buffer, (size_t)**data_length, (size_t)*length, id, &why);
      if (output.data) memcpy(*buffer, output.data, written = output.length);
    }
    pthread_mutex_unlock(&of->lock);
  }
  /* The queue manager may have written anywhere in the buffer, even of a call that failed. */
  if (buffer && *buffer && length && *length > 0) memset((char *)*buffer + written, 0, (size_t)*length - written);
  if (!why) {
    **data_length = (MQLONG)written, parameters->ExitResponse = MQXCC_OK;
    return;
  }
  /* A call that failed by itself keeps its reason, and the length, by which an application gets a larger buffer. */
  if (!completion || !reason || (*completion != MQCC_FAILED && *reason != MQRC_TRUNCATED_MSG_FAILED)) {
    if (data_length && *data_length) **data_length = 0;
    report("nothing was got: %s", why);
    refuse(parameters, completion, reason, why);
  }
  if (parameters) parameters->ExitResponse = MQXCC_OK; /* the call was made */
}

/* Before MQCB: a consumer would get originals past MQGET. */
static void MQENTRY before_callback(PMQAXP parameters, PMQAXC context, PMQHCONN handle, PMQLONG operation, PPMQCBD callback,
                                    PMQHOBJ object, PPMQMD descriptor, PPMQGMO options, PMQLONG completion, PMQLONG reason) {
  connection *of = connection_of(parameters);
  int is_open = 0;
  (void)context, (void)handle, (void)operation, (void)callback, (void)descriptor, (void)options;
  if (of) {
    pthread_mutex_lock(&of->lock);
    const opened *found = object_of(of, object);
    is_open = !of->is_blind && (!found || !found->get);
    pthread_mutex_unlock(&of->lock);
  }
  if (is_open)
    parameters->ExitResponse = MQXCC_OK;
  else
    refuse(parameters, completion, reason, "consumers get originals");
}

/* After MQOPEN: which queue a handle is. */
static void MQENTRY after_open(PMQAXP parameters, PMQAXC context, PMQHCONN handle, PPMQOD object, PMQLONG options, PPMQHOBJ opened_as,
                               PMQLONG completion, PMQLONG reason) {
  connection *of = connection_of(parameters);
  (void)context, (void)handle, (void)options, (void)reason;
  if (parameters) parameters->ExitResponse = MQXCC_OK;
  if (!of || (completion && *completion == MQCC_FAILED)) return;
  pthread_mutex_lock(&of->lock);
  opened *at = NULL;
  if (object && *object && opened_as && *opened_as) {
    for (size_t i = 0; i < of->count; i++)
      if (of->objects[i].handle == **opened_as) at = &of->objects[i];
    if (!at && of->count == of->room) {
      opened *more = realloc(of->objects, (of->room * 2 + 16) * sizeof *more);
      if (more) of->objects = more, of->room = of->room * 2 + 16;
    }
    if (!at && of->count < of->room) at = &of->objects[of->count++];
  }
  if (at)
    *at = (opened){**opened_as, find(0, *object, parameters), find(1, *object, parameters)};
  else
    of->is_blind = 1;
  pthread_mutex_unlock(&of->lock);
}

/* Before MQCLOSE: another queue may get the handle. */
static void MQENTRY before_close(PMQAXP parameters, PMQAXC context, PMQHCONN handle, PPMQHOBJ object, PMQLONG options,
                                 PMQLONG completion, PMQLONG reason) {
  connection *of = connection_of(parameters);
  (void)context, (void)handle, (void)options, (void)completion, (void)reason;
  if (parameters) parameters->ExitResponse = MQXCC_OK;
  if (!of || !object || !*object) return;
  pthread_mutex_lock(&of->lock);
  for (size_t i = 0; i < of->count; i++)
    if (of->objects[i].handle == **object) of->objects[i--] = of->objects[--of->count];
  pthread_mutex_unlock(&of->lock);
}

static void MQENTRY terminate(PMQAXP parameters, PMQAXC context, PMQLONG completion, PMQLONG reason) {
  connection *of = connection_of(parameters);
  (void)context, (void)completion, (void)reason;
  if (!parameters) return;
  parameters->ExitResponse = MQXCC_OK;
  memset(parameters->ExitUserArea, 0, sizeof parameters->ExitUserArea);
  if (of) disconnect(of);
}

/* MQ_INIT_EXIT, for each MQCONN and MQCONNX: `Function=dmv_redact`. If anything is wrong, the application doesn't connect. */
void MQENTRY dmv_redact(PMQAXP parameters, PMQAXC context, PMQLONG completion, PMQLONG reason) {
  static const struct {
    MQLONG reason, function;
    PMQFUNC entry;
  } points[] = {
    {MQXR_BEFORE, MQXF_PUT, (PMQFUNC)before_put},    {MQXR_AFTER, MQXF_PUT, (PMQFUNC)after_put},
    {MQXR_BEFORE, MQXF_PUT1, (PMQFUNC)before_put1},  {MQXR_AFTER, MQXF_PUT1, (PMQFUNC)after_put1},
    {MQXR_AFTER, MQXF_GET, (PMQFUNC)after_get},      {MQXR_BEFORE, MQXF_CB, (PMQFUNC)before_callback},
    {MQXR_AFTER, MQXF_OPEN, (PMQFUNC)after_open},    {MQXR_BEFORE, MQXF_CLOSE, (PMQFUNC)before_close},
    {MQXR_CONNECTION, MQXF_TERM, (PMQFUNC)terminate},
  };
  (void)context;
  if (!parameters || !completion || !reason) {
    if (parameters) parameters->ExitResponse = MQXCC_FAILED;
    return;
  }
  parameters->ExitResponse = MQXCC_FAILED, *completion = MQCC_FAILED, *reason = MQRC_API_EXIT_ERROR;
  memset(parameters->ExitUserArea, 0, sizeof parameters->ExitUserArea);
  if (!parameters->Hconfig || memcmp(parameters->Hconfig->StrucId, MQIEP_STRUC_ID, sizeof parameters->Hconfig->StrucId)) {
    report("this queue manager gives no entry points");
    return;
  }
  connection *new = connect_with(parameters);
  if (!new) return;
  for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
    MQLONG code = MQCC_FAILED, why = MQRC_NONE;
    parameters->Hconfig->MQXEP_Call(parameters->Hconfig, points[i].reason, points[i].function, points[i].entry, NULL, &code, &why);
    if (code != MQCC_OK) {
      report("MQXEP of function %ld: reason %ld", (long)points[i].function, (long)why);
      disconnect(new);
      return;
    }
  }
  memcpy(parameters->ExitUserArea, &new, sizeof new);
  parameters->ExitResponse = MQXCC_OK, *completion = MQCC_OK, *reason = MQRC_NONE;
}

/* Some systems want it in each exit; nothing calls it. */
void MQStart(void);
void MQStart(void) {}
