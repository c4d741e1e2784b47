// Node with fast-redact: `fast-redact.cjs PLACES LINES`; what is redacted goes to stdout.
const fs = require('fs');
const readline = require('readline');
const fastRedact = require('fast-redact');

const [places, lines] = process.argv.slice(2);
const redact = fastRedact({ paths: JSON.parse(fs.readFileSync(places)), remove: true, serialize: JSON.stringify });
let waiting = [];
let length = 0;
const flush = () => { fs.writeSync(1, waiting.join('')); waiting = []; length = 0; };
readline.createInterface({ input: fs.createReadStream(lines), crlfDelay: Infinity })
  .on('line', (line) => {
    const text = redact(JSON.parse(line)) + '\n';
    waiting.push(text);
    length += text.length;
    if (length > 1 << 20) flush();
  })
  .on('close', flush);
