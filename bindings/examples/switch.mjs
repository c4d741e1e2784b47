// A message switch on one page: it takes messages from stdin, redacts them, records them, and forwards them to stdout.
//
//   npm install koffi@3
//   node switch.mjs POLICY LOG <queue >line
//
// A message in the queue is a line `ORI PURPOSE ID LENGTH`, then so many bytes; a purpose of `-` is none. On the line it is
// `ID LENGTH`, then so many bytes: 0 if nothing may go out. What the switch sends comes from `redact` alone, which returns when the
// record is on disk. Killed, without memory, without disk, with a broken policy: it sends nothing. SIGHUP loads the policy again.
import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { CORRELATION_ID, DisclosureLog, Filter, PURPOSE, Redactor, REQUESTER } from './dmvredact.mjs';

const MAX_MESSAGE = 16 << 20, MAX_HEAD = 128;
const chunks = process.stdin[Symbol.asyncIterator]();
let rest = Buffer.alloc(0);

// What it says is never a value of the message.
const tell = (text) => process.stderr.write(`switch: ${text}\n`);

// So many bytes, or fewer at the end of the queue.
async function read(length) {
  const parts = [rest];
  for (let size = rest.length; size < length; ) {
    const { value, done } = await chunks.next();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  const all = parts.length > 1 ? Buffer.concat(parts) : rest;
  rest = all.subarray(length);
  return all.subarray(0, length);
}

// The next message; null at the end of the queue.
async function next() {
  const nothingElse = (is) => {
    if (!is) throw new Error('the queue has something else than messages');
  };
  let head = '';
  while (!head.endsWith('\n')) {
    const byte = await read(1);
    if (!byte.length && !head) return null;
    nothingElse(byte.length && head.length < MAX_HEAD);
    head += byte.toString('latin1');
  }
  const field = /^(\S{1,9}) (\S{1,8}) (\S{1,64}) (\d{1,8})\n$/.exec(head);
  nothingElse(field);
  const [, ori, purpose, id, length] = field;
  // What follows can't be told from the bytes of a message that is too long: stop.
  nothingElse(length <= MAX_MESSAGE);
  const message = await read(Number(length));
  nothingElse(message.length === Number(length));
  const request = [[REQUESTER, ori], [CORRELATION_ID, id]];
  if (purpose !== '-') request.push([PURPOSE, purpose]);
  return { request, id, message };
}

// To the line, all of it: whatever can't be sent ends the switch.
function send(data) {
  for (let sent = 0; sent < data.length; ) sent += writeSync(1, data, sent);
}

async function run(policy, path) {
  const filter = new Filter({ policy });
  const log = new DisclosureLog(path, filter);
  const redactor = new Redactor(filter, log, 'line 1');
  let isPolicyChanged = false;
  process.on('SIGHUP', () => (isPolicyChanged = true));
  try {
    for (let one; (one = await next()); ) {
      // Signals that came before the message are seen before it.
      await setImmediate();
      if (isPolicyChanged) {
        isPolicyChanged = false;
        try {
          filter.swap({ policy }, log);
        } catch (error) {
          tell(`the policy so far stays: ${error.message}`);
        }
      }
      let output = Buffer.alloc(0);
      try {
        const outcome = redactor.redact(one.message, one.request);
        if (!outcome.releases) tell(`${one.id}: ${outcome.reason}`);
        output = outcome.output;
      } catch (error) {
        tell(error.message);
      }
      send(Buffer.concat([Buffer.from(`${one.id} ${output.length}\n`, 'latin1'), output]));
    }
  } finally {
    log.end();
    for (const own of [redactor, log, filter]) own.close();
  }
}

if (process.argv.length !== 4) {
  console.error('usage: switch.mjs POLICY LOG <queue >line');
  process.exit(2);
}
try {
  await run(...process.argv.slice(2));
} catch (error) {
  tell(error.message);
  process.exitCode = 1;
}
