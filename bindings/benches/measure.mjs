// What a message costs in Node.js: measure.mjs FILE..., each with nanoseconds of processor time; or measure.mjs --calls N FILE.
import { readFileSync } from 'node:fs';
import { Filter, PURPOSE, REQUESTER, Redactor } from '../examples/dmvredact.mjs';

const redactor = new Redactor(new Filter());
const redact = (message, calls) => {
  for (let i = 0; i < calls; i++) redactor.redact(message, [[REQUESTER, 'AZ0070000'], [PURPOSE, 'C']]);
};
const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};
const names = process.argv.slice(2);
if (names[0] === '--calls') {
  redact(readFileSync(names[2]), Number(names[1]));
} else {
  for (const name of names) {
    const message = readFileSync(name);
    redact(message, 1000);
    const began = used();
    let calls = 0;
    for (; used() - began < 1e9; calls += 1000) redact(message, 1000);
    console.log(name, Math.round((used() - began) / calls));
  }
}
