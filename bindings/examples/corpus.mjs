// The corpus from Node.js: node corpus.mjs ROOT. It redacts one message, then every line of fixtures/corpus.tsv.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLAIM, DATE, Filter, INSTRUMENT, PURPOSE, Redactor, REQUESTER } from './dmvredact.mjs';

const root = process.argv[2];
const filter = new Filter();
const redactor = new Redactor(filter);
const { output } = redactor.redact(readFileSync(join(root, 'fixtures/dr-in-state-police/message.xml')), [[REQUESTER, 'AZ0070000']]);
if (!output.includes('JORDAN') || output.includes('900-12-3456')) throw new Error("the output isn't what the policy permits");
redactor.close();
filter.close();

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const redactors = new Map();
const lines = readFileSync(join(root, 'fixtures/corpus.tsv'), 'utf8').trimEnd().split('\n').slice(1);
for (const line of lines) {
  const [policy, key, name, requester, purpose, claims, instruments, date, ...expected] = line.split('\t');
  if (!redactors.has(policy)) {
    const config = { policy: policy === '-' ? undefined : join(root, policy), tokenKey: key === '-' ? undefined : Buffer.from(key) };
    redactors.set(policy, new Redactor(new Filter(config)));
  }
  const redactor = redactors.get(policy);
  const fields = [[REQUESTER, requester], [PURPOSE, purpose], [CLAIM, claims], [INSTRUMENT, instruments], [DATE, date]];
  const stated = fields.filter(([, field]) => field !== '-');
  const attributes = stated.flatMap(([number, field]) => field.split(' ').map((word) => [number, word]));
  const { disposition, output } = redactor.redact(readFileSync(join(root, name)), attributes);
  if ([disposition, sha256(output), sha256(redactor.receiptJson())].join() !== expected.join()) throw new Error(line);
}
for (const redactor of redactors.values()) {
  redactor.close();
  redactor.filter.close();
}
console.log(`Node.js: ${lines.length} lines of the corpus`);
