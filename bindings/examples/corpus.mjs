// The filter from Node.js, by koffi: node corpus.mjs ROOT. It redacts one message, then every line of fixtures/corpus.tsv.
// LIBRARY is the path of libdmv_redact.so.0, if the system doesn't find it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// With `require`, so that NODE_PATH is looked at.
const koffi = createRequire(import.meta.url)('koffi');

const library = koffi.load(process.env.LIBRARY ?? 'libdmv_redact.so.0');
const Text = koffi.struct({ data: 'void *', length: 'size_t' });
const LastError = koffi.struct({ code: 'int', message: 'const char *', help: 'const char *', file: 'const char *', line: 'uint32_t', column: 'uint32_t' });
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
  filterFree: function_('dmvr_filter_free', handle),
  requestNew: function_('dmvr_request_new', made),
  requestSet: function_('dmvr_request_set', handle, 'int32_t', 'str'),
  requestFree: function_('dmvr_request_free', handle),
  redactionNew: function_('dmvr_redaction_new', made),
  redactionOutput: function_('dmvr_redaction_output', handle, text),
  redactionFree: function_('dmvr_redaction_free', handle),
  redact: function_('dmvr_redact', handle, handle, 'const uint8_t *', 'size_t', handle),
  receiptGet: function_('dmvr_receipt_get', handle, koffi.out(koffi.pointer(Receipt))),
  receiptJson: function_('dmvr_receipt_json', handle, text),
};
const POLICY = 1, TOKEN_KEY = 6;
const REQUESTER = 1, PURPOSE = 2, CLAIM = 7, INSTRUMENT = 8, DATE = 9;
const DISPOSITIONS = ['withheld', 'held', 'redacted', 'released'];

function check(code) {
  if (code === 0) return;
  const last = {};
  if (c.lastError(last) !== 0) throw new Error(`code ${code}`);
  throw new Error(last.file ? `${last.file}:${last.line}:${last.column}: ${last.message}` : last.message);
}

function make(create, ...from) {
  const place = [null];
  check(create(...from, place));
  return place[0];
}

function bytes(get, redaction) {
  const text = {};
  check(get(redaction, text));
  return Buffer.from(text.length ? koffi.decode(text.data, 'uint8_t', Number(text.length)) : []);
}

class Filter {
  // Without a policy, the built-in one.
  constructor(policy, tokenKey) {
    const config = make(c.configNew);
    try {
      if (policy) check(c.configPath(config, POLICY, policy));
      if (tokenKey) check(c.configBytes(config, TOKEN_KEY, null, tokenKey, tokenKey.length));
      this.handle = make(c.filterNew, config);
    } finally {
      c.configFree(config);
    }
  }

  // The output is empty unless the disposition releases.
  redact(message, attributes) {
    const request = make(c.requestNew), redaction = make(c.redactionNew);
    try {
      for (const [number, value] of attributes) check(c.requestSet(request, number, value));
      check(c.redact(this.handle, request, message, message.length, redaction));
      const receipt = {};
      check(c.receiptGet(redaction, receipt));
      const disposition = DISPOSITIONS[receipt.disposition];
      return { disposition, output: bytes(c.redactionOutput, redaction), json: bytes(c.receiptJson, redaction) };
    } finally {
      c.redactionFree(redaction);
      c.requestFree(request);
    }
  }

  close() {
    check(c.filterFree(this.handle));
  }
}

const root = process.argv[2];
const filter = new Filter();
const { output } = filter.redact(readFileSync(join(root, 'fixtures/dr-in-state-police/message.xml')), [[REQUESTER, 'AZ0070000']]);
if (!output.includes('JORDAN') || output.includes('900-12-3456')) throw new Error("the output isn't what the policy permits");
filter.close();

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const filters = new Map();
const lines = readFileSync(join(root, 'fixtures/corpus.tsv'), 'utf8').trimEnd().split('\n').slice(1);
for (const line of lines) {
  const [policy, key, name, requester, purpose, claims, instruments, date, ...expected] = line.split('\t');
  if (!filters.has(policy)) {
    filters.set(policy, new Filter(policy === '-' ? null : join(root, policy), key === '-' ? null : Buffer.from(key)));
  }
  const fields = [[REQUESTER, requester], [PURPOSE, purpose], [CLAIM, claims], [INSTRUMENT, instruments], [DATE, date]];
  const stated = fields.filter(([, field]) => field !== '-');
  const attributes = stated.flatMap(([number, field]) => field.split(' ').map((word) => [number, word]));
  const { disposition, output, json } = filters.get(policy).redact(readFileSync(join(root, name)), attributes);
  if ([disposition, sha256(output), sha256(json)].join() !== expected.join()) throw new Error(line);
}
for (const filter of filters.values()) filter.close();
console.log(`Node.js: ${lines.length} lines of the corpus`);
