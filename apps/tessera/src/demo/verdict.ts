// After the play: everything that was promised, checked by a second path.
// V1 What is wanted comes from the list of what was sent, through naive.ts; what is found comes from the log and through gRPC.
import type { TrackedRecord } from '@tessera/contracts';
import type { EventLog } from '@tessera/runtime';
import type { AskedFeatures, Audience } from './audience.js';
import { featuresAt, leftAt, memberSince, peopleAt, personAt, segmentsAt, type PersonName, type WhoAsked } from './naive.js';
import { eventually, sorted } from './play.js';
import type { Promises } from './promises.js';
import type { Tracking } from './tracking.js';
import type { SeenChange, Watch } from './watch.js';

export interface Evidence {
  readonly log: EventLog;
  readonly tracking: Tracking;
  readonly audience: Audience;
  readonly watch: Watch;
  readonly promises: Promises;
}

/** What time alone brings must be seen so soon after it is due. */
export const PUNCTUAL_MS = 250;
const SEGMENTS = [
  'big-spenders',
  'engaged',
  'forgotten-cart',
  'frequent-viewers',
  'newsletter-readers',
  'newsletter-vips',
  'vip',
];

interface Person {
  readonly name: PersonName;
  readonly who: WhoAsked;
  readonly profile: string;
}

export async function judge(evidence: Evidence, tMs: number): Promise<void> {
  const { promises, tracking } = evidence;
  promises.equal('the SDK met no failure', [], tracking.failures);
  await promises.ask('every accepted event is in the log exactly once', () => loggedOnce(evidence));
  const people = await everyone(evidence, tMs);
  await promises.ask('the memberships of every person are those recomputed', () => memberships(evidence, people, tMs));
  await promises.ask('no segment has a member beside these', () => members(evidence, people, tMs));
  await promises.ask('the features of every person are those recomputed', () => features(evidence, people, tMs));
  await promises.ask(`every forgotten cart was seen within ${String(PUNCTUAL_MS)} ms of its due time`, () =>
    carts(evidence, people, tMs),
  );
  await promises.ask(`every window that ran out was seen within ${String(PUNCTUAL_MS)} ms, without an event`, () =>
    windows(evidence, people, tMs),
  );
  await promises.ask('an explanation names the values: what Cem spent, the tier of Ada', () => explanations(evidence, tMs));
}

async function loggedOnce({ log, tracking }: Evidence): Promise<{ ok: boolean; found: string }> {
  const logged: string[] = [];
  for (let partition = 0; partition < log.partitions('events'); partition++) {
    for (let offset = 0; ;) {
      const batch = await log.read('events', partition, offset, { records: 1_000, bytes: 1 << 20 });
      for (const { value } of batch.records) if (value?.kind === 'tracked') logged.push((value as TrackedRecord).messageId);
      if (batch.nextOffset <= offset) break;
      offset = batch.nextOffset;
    }
  }
  const sent = tracking.sent.map(({ messageId }) => messageId);
  const ok = logged.sort().join() === sent.sort().join();
  return {
    ok,
    found: `${String(sent.length)} accepted, ${String(logged.length)} in the log, ${String(new Set(logged).size)} different messages`,
  };
}

/** Everyone who did something, as who they can be asked for, with their profile. */
async function everyone({ tracking, audience }: Evidence, tMs: number): Promise<readonly Person[]> {
  const found: Person[] = [];
  for (const name of peopleAt(tracking, tMs).keys()) {
    const device = /^device:(.*)#\d+$/.exec(name)?.[1];
    const who: WhoAsked = device === undefined ? { userId: name.slice('user:'.length) } : { anonymousId: device };
    if (personAt(tracking, who, tMs) === name) found.push({ name, who, profile: await audience.profileOf(who) });
  }
  return found;
}

async function memberships(
  { tracking, audience }: Evidence,
  people: readonly Person[],
  tMs: number,
): Promise<{ ok: boolean; found: string }> {
  const wrong: string[] = [];
  let held = 0;
  for (const { name, who } of people) {
    const want = segmentsAt(tracking, name, tMs);
    const found = await eventually(
      async () => (await audience.memberships(who)).map(({ segment }) => segment),
      (segments) => segments.join() === want.join(),
    );
    held += found.length;
    if (found.join() !== want.join()) wrong.push(`${name}: found [${found.join(' ')}], recomputed [${want.join(' ')}]`);
  }
  return {
    ok: wrong.length === 0 && held > 0,
    found: wrong[0] ?? `${String(people.length)} people, ${String(held)} memberships`,
  };
}

async function members(
  { tracking, audience }: Evidence,
  people: readonly Person[],
  tMs: number,
): Promise<{ ok: boolean; found: string }> {
  const wrong: string[] = [];
  const counts: string[] = [];
  for (const segment of SEGMENTS) {
    const want = people
      .flatMap(({ name, profile }) => (segmentsAt(tracking, name, tMs).includes(segment) ? [profile] : []))
      .sort();
    const found = await audience.members(segment);
    counts.push(`${segment} ${String(found.length)}`);
    if (found.join() !== want.join()) wrong.push(`${segment}: found ${String(found.length)}, recomputed ${String(want.length)}`);
  }
  return { ok: wrong.length === 0, found: wrong[0] ?? counts.join(', ') };
}

async function features(
  { tracking, audience }: Evidence,
  people: readonly Person[],
  tMs: number,
): Promise<{ ok: boolean; found: string }> {
  const wrong: string[] = [];
  for (const { name, who } of people) {
    const want = JSON.stringify(sorted({ ...featuresAt(tracking, name, tMs) }));
    const found = JSON.stringify(((await audience.features(who)) satisfies AskedFeatures).features);
    if (found !== want) wrong.push(`${name}: found ${found}, recomputed ${want}`);
  }
  return {
    ok: wrong.length === 0 && people.length > 0,
    found: wrong[0] ?? `${String(people.length)} people, three features each`,
  };
}

function carts({ tracking, watch }: Evidence, people: readonly Person[], tMs: number): Promise<{ ok: boolean; found: string }> {
  return punctual(
    people.flatMap(({ name, profile }) => {
      const dueMs = memberSince(tracking, name, 'forgotten-cart', tMs);
      const entered = watch.of(profile, 'forgotten-cart').find(({ kind }) => kind === 'entered');
      return dueMs === undefined ? [] : [{ name, dueMs, change: entered }];
    }),
  );
}

function windows({ tracking, watch }: Evidence, people: readonly Person[], tMs: number): Promise<{ ok: boolean; found: string }> {
  return punctual(
    people.flatMap(({ name, profile }) => {
      const dueMs = leftAt(tracking, name, 'frequent-viewers', tMs);
      const exited = watch.of(profile, 'frequent-viewers').findLast(({ kind }) => kind === 'exited');
      return dueMs === undefined ? [] : [{ name, dueMs, change: exited?.reason === 'expiry' ? exited : undefined }];
    }),
  );
}

/** None is missing, none too early, none too late. */
function punctual(
  all: readonly { name: string; dueMs: number; change: SeenChange | undefined }[],
): Promise<{ ok: boolean; found: string }> {
  const late = all.map(({ name, dueMs, change }) => ({ name, ms: change === undefined ? Infinity : change.seenMs - dueMs }));
  const wrong = late.find(({ ms }) => ms < 0 || ms > PUNCTUAL_MS);
  const worst = Math.max(0, ...late.map(({ ms }) => ms));
  const found = wrong
    ? `${wrong.name}: ${wrong.ms === Infinity ? 'never seen' : `${String(wrong.ms)} ms after it was due`}`
    : `${String(all.length)} of them, the latest ${String(worst)} ms after it was due`;
  return Promise.resolve({ ok: wrong === undefined && all.length > 0, found });
}

async function explanations({ tracking, audience }: Evidence, tMs: number): Promise<{ ok: boolean; found: string }> {
  const [cem, ada] = [
    await audience.explain({ userId: 'cem' }, 'big-spenders'),
    await audience.explain({ userId: 'ada' }, 'vip'),
  ];
  const spent = featuresAt(tracking, 'user:cem', tMs)['revenue-90d'];
  const tier = tracking.sent.findLast(({ userId, traits }) => userId === 'ada' && traits !== undefined)?.traits?.['tier'];
  const ok =
    cem.member && ada.member && cem.found.includes(spent) && ada.found.includes(tier) && cem.sentence.includes(String(spent));
  return { ok, found: `${cem.sentence} ${ada.sentence}` };
}
