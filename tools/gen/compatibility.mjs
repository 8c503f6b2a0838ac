// Within v1 a public topic is only added to: the contract of today against the one that was released last.
// C1 The contract is what a consumer may rely on: addresses, keys, keeping, CloudEvents types, headers and payloads. Words are not in it.
// C2 proto/baseline.public-topics.json is the released one. `npm run generate -- --release-contract` makes the present one the released
//    one and refuses to if something breaks; `-- --accept-breaking` does it all the same (before 1.0, with a word in the changelog).
// C3 A new field is optional: compacted topics hold records for ever, and those written before do not have it.

export const BASELINE = 'proto/baseline.public-topics.json';

/** What of an AsyncAPI document is promised. */
export function contractOf(document) {
  const topics = Object.entries(document.channels).map(([id, { address, messages, bindings }]) => {
    const { topicConfiguration } = bindings.kafka;
    const names = Object.keys(messages);
    const promised = names.map((name) => [name, messageOf(document.components.messages[name])]);
    return [id, { address, keeping: topicConfiguration, messages: Object.fromEntries(promised) }];
  });
  return { version: document.info.version, topics: Object.fromEntries(topics) };
}

function messageOf({ headers, payload, bindings }) {
  return {
    type: headers.properties.ce_type.const,
    key: bare(bindings.kafka.key),
    headers: bare(headers),
    payload: bare(payload),
  };
}

// A field may itself be called `description`: only the keyword is left out.
function bare(schema) {
  if (Array.isArray(schema) || typeof schema !== 'object' || schema === null) return schema;
  const { description: _, ...rest } = schema;
  const entries = Object.entries(rest).map(([keyword, value]) => [
    keyword,
    keyword === 'properties' ? bareEach(value) : bare(value),
  ]);
  return Object.fromEntries(entries);
}

function bareEach(properties) {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, bare(schema)]));
}

/** The rules, each with what breaks it. For each one the test plants a violation. */
export const RULES = {
  topics: {
    name: 'a topic stays, under its address',
    check: (released, present) =>
      Object.entries(released.topics).flatMap(([id, { address }]) => {
        if (present.topics[id] === undefined) return [`topic ${id} is gone`];
        return present.topics[id].address === address
          ? []
          : [`topic ${id}: address ${address} became ${present.topics[id].address}`];
      }),
  },
  keeping: {
    name: 'a topic keeps records as it did, or longer',
    check: (released, present) =>
      topicPairs(released, present).flatMap(([id, old, now]) => keepingBroken(id, old.keeping, now.keeping)),
  },
  messages: {
    name: 'a record or tombstone of a topic stays',
    check: (released, present) =>
      topicPairs(released, present).flatMap(([id, old, now]) =>
        Object.keys(old.messages)
          .filter((name) => now.messages[name] === undefined)
          .map((name) => `topic ${id}: ${name} is gone`),
      ),
  },
  types: {
    name: 'the CloudEvents type of a record stays',
    check: (released, present) =>
      messagePairs(released, present)
        .filter(([, old, now]) => old.type !== now.type)
        .map(([place, old, now]) => `${place}: ce_type ${old.type} became ${now.type}`),
  },
  keys: {
    name: 'the form of a key stays',
    check: (released, present) =>
      messagePairs(released, present)
        .filter(([, old, now]) => old.key.pattern !== now.key.pattern)
        .map(([place, old, now]) => `${place}: key ${old.key.pattern} became ${now.key.pattern}`),
  },
  fields: {
    name: 'a field or header stays, under its name',
    check: (released, present) =>
      schemaPairs(released, present).flatMap(([place, old, now]) =>
        Object.keys(old.properties ?? {})
          .filter((name) => now.properties?.[name] === undefined)
          .map((name) => `${place}.${name} is gone`),
      ),
  },
  forms: {
    name: 'a field keeps its type and form',
    check: (released, present) =>
      schemaPairs(released, present)
        .filter(([place]) => !place.endsWith('.ce_type'))
        .filter(([, old, now]) => formOf(old) !== formOf(now))
        .map(([place, old, now]) => `${place}: ${formOf(old)} became ${formOf(now)}`),
  },
  values: {
    name: 'a closed list keeps its values',
    check: (released, present) =>
      schemaPairs(released, present).flatMap(([place, old, now]) =>
        (old.enum ?? []).filter((value) => !now.enum?.includes(value)).map((value) => `${place}: value ${value} is gone`),
      ),
  },
  required: {
    name: 'what is always there stays so, and what is new may be absent',
    check: (released, present) =>
      schemaPairs(released, present).flatMap(([place, old, now]) => {
        const [before, after] = [old.required ?? [], now.required ?? []];
        const gone = before.filter((name) => !after.includes(name)).map((name) => `${place}.${name} may now be absent`);
        const added = after
          .filter((name) => !before.includes(name))
          .map((name) => `${place}.${name} is newly required: make it optional`);
        return [...gone, ...added];
      }),
  },
};

/** What of the released contract does not hold any more; empty when all does. */
export function breaks(released, present) {
  return Object.values(RULES).flatMap(({ check }) => check(released, present));
}

function keepingBroken(id, old, now) {
  const [oldPolicy, policy] = [old['cleanup.policy'].join(), now['cleanup.policy'].join()];
  const [oldMs, ms] = [old['retention.ms'], now['retention.ms']].map((time) => (time < 0 ? Infinity : time));
  if (oldPolicy !== policy) return [`topic ${id}: cleanup policy ${oldPolicy} became ${policy}`];
  return ms < oldMs ? [`topic ${id}: kept ${String(ms)} ms instead of ${String(oldMs)}`] : [];
}

function topicPairs(released, present) {
  return Object.entries(released.topics)
    .filter(([id]) => present.topics[id] !== undefined)
    .map(([id, old]) => [id, old, present.topics[id]]);
}

function messagePairs(released, present) {
  return topicPairs(released, present).flatMap(([id, old, now]) =>
    Object.entries(old.messages)
      .filter(([name]) => now.messages[name] !== undefined)
      .map(([name, message]) => [`${id} ${name}`, message, now.messages[name]]),
  );
}

/** All schemas that both have, in depth, each with its place. */
function schemaPairs(released, present) {
  return messagePairs(released, present).flatMap(([place, old, now]) => [
    ...walk(`${place} headers`, old.headers, now.headers),
    ...walk(place, old.payload, now.payload),
  ]);
}

function* walk(place, old, now) {
  yield [place, old, now];
  for (const [name, schema] of Object.entries(old.properties ?? {})) {
    if (now.properties?.[name] !== undefined) yield* walk(`${place}.${name}`, schema, now.properties[name]);
  }
  if (old.items && now.items) yield* walk(`${place}[]`, old.items, now.items);
  if (old.additionalProperties && now.additionalProperties)
    yield* walk(`${place}.*`, old.additionalProperties, now.additionalProperties);
}

const FORM = ['type', 'format', 'const', 'pattern', 'contentEncoding', 'minimum', 'maximum', 'minLength'];

function formOf(schema) {
  return JSON.stringify(
    Object.fromEntries(FORM.filter((keyword) => schema[keyword] !== undefined).map((keyword) => [keyword, schema[keyword]])),
  );
}
