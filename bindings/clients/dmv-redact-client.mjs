// Asks a dmv-redact sidecar over HTTP. A file to copy; it needs nothing but Node.js 18.3 or later.
//
//   const client = new Client('/run/dmv-redact/http.sock'); // or 'http://127.0.0.1:8080', or 'https://host:8443' with `tls`
//   const output = await client.redact(message, { requester: 'AZ0070000', purpose: 'C', claim: ['one', 'another'] });
//   // Forward the output; forward nothing if it throws.
//
// A connection and a deadline for each call; no retry, no redirect, no proxy.
import { createHash, randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

/// Nothing may go out. What the sidecar doesn't say is undefined.
export class Withheld extends Error {
  constructor(why, disposition, reason, review) {
    super(why);
    Object.assign(this, { name: 'Withheld', disposition, reason, review });
  }
}

const NAME = /^[a-z][a-z-]*$/, VALUE = /^[!-~]([ -~]*[!-~])?$/, WORD = /^[A-Za-z0-9_.:-]{1,64}$/;

export class Client {
  // The deadline is in milliseconds, the limit in bytes of output. `tls` is what `tls.connect` takes: `ca`, `cert`, `key`.
  constructor(address, { deadline = 10_000, limit = 16 << 20, tls = {} } = {}) {
    Object.assign(this, { address, deadline, limit, tls });
  }

  // The output for a message. Attributes are named as the protocol's headers. `review` asks for a held message; the message is empty.
  async redact(message, { review, ...attributes } = {}) {
    const id = attributes['correlation-id'] ?? randomUUID();
    const path = review == null ? '/v1/redact' : `/v1/reviews/${review}/deliver`;
    const headers = { 'content-length': Buffer.byteLength(message) };
    for (const [name, values] of Object.entries({ ...attributes, 'correlation-id': id })) {
      headers[`dmv-${name}`] = [values].flat();
      // Nothing that could end a header, or be changed in one.
      const isSound = NAME.test(name) && headers[`dmv-${name}`].every((value) => typeof value === 'string' && VALUE.test(value));
      if (!isSound || !WORD.test(id) || !WORD.test(review ?? id)) throw new Withheld("an attribute can't be sent");
    }
    // An error may quote the answer, so it isn't the cause of what is thrown.
    const answer = await this.#exchange(path, headers, message).catch(() => {});
    if (!answer) throw new Withheld('no whole answer in time');
    const { status, fields, body } = answer;
    const once = (name) => (fields[name]?.length === 1 ? fields[name][0] : undefined);
    const disposition = once('dmv-disposition'), isOwn = once('dmv-correlation-id') === id;
    // A sidecar states the length: an answer in chunks or in gzip was changed on its way.
    const isWhole = body.length > 0 && once('content-length') === String(body.length) && !fields['content-encoding'];
    const isSame = once('dmv-sha256') === createHash('sha256').update(body).digest('hex');
    if (status === 200 && ['released', 'redacted'].includes(disposition) && isOwn && isWhole && isSame) return body;
    if (isOwn && ['held', 'withheld'].includes(disposition)) {
      throw new Withheld(disposition, disposition, ...['dmv-reason', 'dmv-review'].map((name) => once(name)?.match(WORD)?.[0]));
    }
    throw new Withheld(`no release, with status ${status}`);
  }

  async #exchange(path, headers, message) {
    const url = /^https?:/.test(this.address) ? new URL(path, this.address) : undefined;
    const { request } = url?.protocol === 'https:' ? https : http;
    const to = url ? { ...this.tls, host: url.hostname, port: url.port } : { socketPath: this.address };
    // Without an agent, which keeps connections and may know a proxy.
    const how = { agent: false, maxHeaderSize: 65536, signal: AbortSignal.timeout(this.deadline) };
    const sent = request({ ...to, ...how, method: 'POST', path, headers });
    try {
      const answer = await new Promise((resolve, reject) => sent.on('response', resolve).on('error', reject).on('close', reject).end(message));
      // An answer that came before the message was sent is none to it.
      if (!sent.writableFinished) return undefined;
      const parts = [];
      let size = 0;
      for await (const part of answer) {
        if ((size += part.length) > this.limit) return undefined;
        parts.push(part);
      }
      return { status: answer.statusCode, fields: answer.headersDistinct, body: Buffer.concat(parts) };
    } finally {
      sent.destroy();
    }
  }
}
