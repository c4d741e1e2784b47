// Calls dmv-redact-client.mjs for attack.py.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Client, Withheld } from '../dmv-redact-client.mjs';

for await (const line of createInterface({ input: process.stdin })) {
  const [address, deadline, limit, message, ca, ...attributes] = line.split('\t').map((field) => Buffer.from(field, 'hex').toString());
  const client = new Client(address, { deadline: Number(deadline), limit: Number(limit), tls: ca ? { ca: readFileSync(ca) } : {} });
  const request = {};
  for (let i = 0; i < attributes.length; i += 2) {
    const [name, value] = attributes.slice(i);
    request[name] = name in request ? [request[name], value].flat() : value;
  }
  try {
    console.log('output', (await client.redact(readFileSync(message), request)).toString('hex'));
  } catch (withheld) {
    if (!(withheld instanceof Withheld) || withheld.cause) throw withheld;
    console.log('withheld', withheld.disposition ?? '-', withheld.reason ?? '-', withheld.review ?? '-', withheld.message);
  }
}
