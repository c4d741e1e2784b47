// The filter and the disclosure log for Node.js, by koffi 3, over the C library (docs/c.md). A file to copy, for switch.mjs and
// corpus.mjs.
import koffi from 'koffi';

const library = koffi.load('libdmv_redact.so.0');
// From C to memory of Node.js: `koffi.decode` keeps some memory for good at each call.
const memcpy = koffi.load(null).func('memcpy', 'void', ['void *', 'void *', 'size_t']);
const Text = koffi.struct({ data: 'void *', length: 'size_t' });
const LastError = koffi.struct({ code: 'int', message: 'const char *', file: 'const char *', line: 'uint32_t', column: 'uint32_t' });
const Receipt = koffi.struct({
  disposition: 'int', releases: 'int32_t', reason: Text, detail: Text, offset: 'int64_t', format: Text, messageType: Text,
  requester: Text, correlationId: Text, bytesIn: 'uint64_t', bytesOut: 'uint64_t', unmapped: 'uint32_t', foundImages: 'uint32_t',
  imageBytes: 'uint64_t', elements: 'uint32_t', rules: 'uint32_t', duties: 'uint32_t',
});
const function_ = (name, ...types) => library.func(name, 'int', types);
const handle = 'void *', made = koffi.out(koffi.pointer('void *')), text = koffi.out(koffi.pointer(Text));
const c = {
  lastError: function_('dmvr_last_error', koffi.out(koffi.pointer(LastError))),
  configNew: function_('dmvr_config_new', made),
  configPath: function_('dmvr_config_path', handle, 'int32_t', 'str'),
  configBytes: function_('dmvr_config_bytes', handle, 'int32_t', 'str', 'const uint8_t *', 'size_t'),
  configFree: function_('dmvr_config_free', handle),
  filterNew: function_('dmvr_filter_new', handle, made),
  filterSwap: function_('dmvr_filter_swap', handle, handle, handle),
  filterFree: function_('dmvr_filter_free', handle),
  logOpen: function_('dmvr_log_open', 'str', handle, 'void *', made),
  logAppend: function_('dmvr_log_append', handle, 'str', 'str', handle, handle),
  logEnd: function_('dmvr_log_end', handle, 'void *'),
  logFree: function_('dmvr_log_free', handle),
  requestNew: function_('dmvr_request_new', made),
  requestSet: function_('dmvr_request_set', handle, 'int32_t', 'str'),
  requestClear: function_('dmvr_request_clear', handle),
  requestFree: function_('dmvr_request_free', handle),
  redactionNew: function_('dmvr_redaction_new', made),
  redactionOutput: function_('dmvr_redaction_output', handle, text),
  redactionFree: function_('dmvr_redaction_free', handle),
  redact: function_('dmvr_redact', handle, handle, 'const uint8_t *', 'size_t', handle),
  receiptGet: function_('dmvr_receipt_get', handle, koffi.out(koffi.pointer(Receipt))),
  receiptJson: function_('dmvr_receipt_json', handle, text),
};
const POLICY = 1, TOKEN_KEY = 6;
const DISPOSITIONS = ['withheld', 'held', 'redacted', 'released'];

// What a request can state; the header has more.
export const REQUESTER = 1, PURPOSE = 2, CLAIM = 7, INSTRUMENT = 8, DATE = 9, CORRELATION_ID = 10;

function check(what, code) {
  if (code === 0) return;
  const last = {};
  if (c.lastError(last) !== 0) throw new Error(`${what}: code ${code}`);
  throw new Error(`${what}: ${last.message}`);
}

function make(what, create, ...from) {
  const place = [null];
  check(what, create(...from, place));
  return place[0];
}

// A text that C can read: one with a zero would be another text there.
function string(value) {
  if (typeof value !== 'string' || value.includes('\0')) throw new Error('a text has a zero, or is none');
  return value;
}

function copied({ data, length }) {
  const own = Buffer.alloc(Number(length));
  if (own.length > 0) memcpy(own, data, own.length);
  return own;
}

function withConfig({ policy, tokenKey }, use) {
  const config = make('configuration', c.configNew);
  try {
    if (policy !== undefined) check('policy', c.configPath(config, POLICY, string(policy)));
    if (tokenKey !== undefined) check('token key', c.configBytes(config, TOKEN_KEY, null, tokenKey, tokenKey.length));
    return use(config);
  } finally {
    c.configFree(config);
  }
}

export class Filter {
  // `config` has a path `policy` and the bytes `tokenKey`; without a policy, it is the built-in one.
  constructor(config = {}) {
    this.handle = withConfig(config, (own) => make('policy', c.filterNew, own));
  }

  // Puts another configuration in force, on record first if there is a log. If it throws, the one so far stays.
  swap(config, log) {
    withConfig(config, (own) => check('policy', c.filterSwap(this.handle, own, log ? log.handle : null)));
  }

  close() {
    check('filter', c.filterFree(this.handle));
  }
}

export class DisclosureLog {
  constructor(path, filter) {
    this.handle = make('log', c.logOpen, string(path), filter.handle, null);
  }

  // Records that the process ends.
  end() {
    check('log', c.logEnd(this.handle, null));
  }

  close() {
    check('log', c.logFree(this.handle));
  }
}

// Redacts one message after another. With a log it records each, as one from `source`.
export class Redactor {
  constructor(filter, log, source = '') {
    Object.assign(this, { filter, log, source: string(source) });
    this.request = make('request', c.requestNew);
    this.redaction = make('redaction', c.redactionNew);
  }

  // Decides a message. With a log, the record is on disk when it returns. If it throws, nothing may go out. The output is empty
  // unless it releases.
  redact(message, attributes) {
    const receipt = {}, output = {};
    check('request', c.requestClear(this.request));
    for (const [name, value] of attributes) check('request', c.requestSet(this.request, name, string(value)));
    check('redact', c.redact(this.filter.handle, this.request, message, message.length, this.redaction));
    if (this.log) check('log', c.logAppend(this.log.handle, this.source, null, this.request, this.redaction));
    check('receipt', c.receiptGet(this.redaction, receipt));
    check('output', c.redactionOutput(this.redaction, output));
    const disposition = DISPOSITIONS[receipt.disposition];
    return { disposition, releases: receipt.releases !== 0, reason: copied(receipt.reason).toString(), output: copied(output) };
  }

  // The whole receipt of the last message. It costs about as much as the redaction.
  receiptJson() {
    const json = {};
    check('receipt', c.receiptJson(this.redaction, json));
    return copied(json);
  }

  close() {
    c.redactionFree(this.redaction);
    c.requestFree(this.request);
  }
}
