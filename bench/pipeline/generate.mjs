// Events for the pipeline benchmark, as NDJSON of Segment `track` calls: N events of M people by Zipf's law (s = 1) over ten
// days, one in twenty late by up to an hour. `node bench/pipeline/generate.mjs --events 1000000 --people 100000 --out FILE`.
import { createWriteStream } from 'node:fs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const events = Number(option('events', 1_000_000));
const people = Number(option('people', 100_000));
const out = createWriteStream(option('out', 'events.ndjson'));

let state = Number(option('seed', 1)) >>> 0;
function random() {
  // mulberry32
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

const cumulative = new Float64Array(people);
let total = 0;
for (let rank = 0; rank < people; rank++) cumulative[rank] = total += 1 / (rank + 1);
function person() {
  const target = random() * total;
  let low = 0;
  let high = people - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle] < target) low = middle + 1;
    else high = middle;
  }
  return low;
}

const START = Date.UTC(2026, 0, 5);
const SPAN = 10 * 86_400_000;
const CATEGORIES = ['shoes', 'apparel', 'books', 'garden', 'toys'];
for (let i = 0; i < events; i++) {
  const at = START + Math.floor((i / events) * SPAN);
  const time = random() < 0.05 ? at - Math.floor(random() * 3_600_000) : at;
  const bought = random() < 0.3;
  const line = JSON.stringify({
    type: 'track',
    event: bought ? 'Order Completed' : 'Product Viewed',
    messageId: `m-${i.toString(36)}`,
    userId: `u${person().toString(36)}`,
    timestamp: new Date(time).toISOString(),
    properties: bought
      ? { revenue: Math.floor(random() * 20_000) / 100, currency: 'EUR', category: CATEGORIES[Math.floor(random() * 5)] }
      : {
          sku: `X-${Math.floor(random() * 500)}`,
          price: Math.floor(random() * 10_000) / 100,
          category: CATEGORIES[Math.floor(random() * 5)],
        },
  });
  if (!out.write(`${line}\n`)) await new Promise((resolve) => out.once('drain', resolve));
}
out.end();
