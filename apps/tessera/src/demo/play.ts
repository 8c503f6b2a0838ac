// The play: a morning in a shop, in a dozen seconds. Eight acts; what is seen in each is told and checked at once, the rest in the end.
// Y1 The people, their wares and the crowd come from the seed; the moments are those of the wall clock.
// Y2 Whoever is expected somewhere is expected by the naive recomputation, never by a constant beside the play.
import { setTimeout as pause } from 'node:timers/promises';
import type { AskedSlot, Audience } from './audience.js';
import type { Chance } from './chance.js';
import { ABANDONED_MS, featuresAt, LOOKING_MS, memberSince, personAt, segmentsAt, type WhoAsked } from './naive.js';
import type { Promises } from './promises.js';
import type { Telling } from './telling.js';
import type { Call, Tracking } from './tracking.js';

export interface Cast {
  readonly tracking: Tracking;
  readonly audience: Audience;
  readonly telling: Telling;
  readonly promises: Promises;
  readonly chance: Chance;
  /** Name of everyone who can be asked for, by who they are. */
  readonly known: Map<string, WhoAsked>;
}

const WARES = [
  { name: 'Trail shoes', price: 89.5 },
  { name: 'Rain jacket', price: 120 },
  { name: 'Wool socks', price: 12.9 },
  { name: 'Head lamp', price: 34.95 },
  { name: 'Tin mug', price: 9.9 },
] as const;

const HERO = 'home-hero';
/** Asked again so often: state that people read is written within a quarter of a second of its log. */
const SETTLES_MS = 2_000;

export async function play(cast: Cast): Promise<void> {
  cast.telling.begin();
  const crowd = strangers(cast);
  // Awaited below; until then a failure of theirs must not end the process.
  crowd.catch(() => undefined);
  await browsing(cast);
  await logIns(cast);
  await orders(cast);
  await sharedTablet(cast);
  await forgottenCart(cast);
  await outOfTheTunnel(cast);
  await mistake(cast);
  await crowd;
  await nobodyDoesAnything(cast);
}

async function browsing(cast: Cast): Promise<void> {
  const { tracking, telling } = cast;
  telling.act('I. Strangers look around, and leave carts behind');
  meet(cast, 'Ada', { anonymousId: 'ada-phone' });
  meet(cast, 'Ben', { anonymousId: 'ben-laptop' });
  meet(cast, 'Ida', { anonymousId: 'ida-laptop' });
  meet(cast, 'her twin', { anonymousId: 'twin-laptop' });
  telling.does('Ben', 'puts something into the cart and closes the lid');
  telling.does('Ida', 'does so too; so does her twin, who will never be mistaken for anyone');
  await tracking.send(
    { anonymousId: 'ben-laptop', event: 'Product Added', properties: ware(cast) },
    ...['ida-laptop', 'twin-laptop'].flatMap((anonymousId) => [
      { anonymousId, event: 'Product Viewed', properties: WARES[2] },
      { anonymousId, event: 'Product Viewed', properties: WARES[1] },
      { anonymousId, event: 'Product Added', properties: WARES[1] },
    ]),
  );
  telling.does('Ada', 'looks at three things on her phone; nobody knows her yet');
  for (let i = 0; i < 3; i++) {
    await tracking.send({ anonymousId: 'ada-phone', event: 'Product Viewed', properties: ware(cast) });
    await pause(120);
  }
  await expectDecision(cast, 'Ada', { anonymousId: 'ada-phone' }, 'standard-hero', undefined, 'Welcome');
}

async function logIns(cast: Cast): Promise<void> {
  const { tracking, telling } = cast;
  telling.act('II. Log-ins: what was done anonymously becomes hers');
  telling.does('Ada', 'logs in: a gold member who reads the newsletter');
  const traits = { firstName: 'Ada', tier: 'gold', newsletter: true, email: 'ada@example.org' };
  await tracking.send({ anonymousId: 'ada-phone', userId: 'ada', traits });
  meet(cast, 'Ada', { userId: 'ada' });
  await expectSame(
    cast,
    'Ada is recognised: her phone and her account are one person',
    { anonymousId: 'ada-phone' },
    { userId: 'ada' },
  );
  await expectDecision(cast, 'Ada', { userId: 'ada' }, 'gold-lounge', 'vip', 'Ada, the gold lounge is open');
}

async function orders(cast: Cast): Promise<void> {
  const { tracking, telling } = cast;
  telling.act('III. Orders');
  for (const [name, userId] of [
    ['Cem', 'cem'],
    ['Dora', 'dora'],
    ['Hugo', 'hugo'],
    ['his twin', 'hugo-twin'],
  ] as const)
    meet(cast, name, { userId });
  telling.does('Dora', 'adds to her cart, and orders in time');
  await tracking.send({ anonymousId: 'dora-phone', userId: 'dora', event: 'Product Added', properties: WARES[4] });
  telling.does('Cem', 'orders for 60.00, and then for 59.90');
  await tracking.send({ anonymousId: 'cem-phone', userId: 'cem', traits: { firstName: 'Cem' } }, order('cem-phone', 'cem', 60));
  telling.does('Hugo', 'a gold member, orders for 170.00, as does his twin');
  await tracking.send(
    order('dora-phone', 'dora', 9.9),
    ...hugoAndTwin((anonymousId, userId) => ({ anonymousId, userId, traits: { firstName: 'Hugo', tier: 'gold' } })),
    ...hugoAndTwin((device, userId) => order(device, userId, 170)),
  );
  await tracking.send(order('cem-phone', 'cem', 59.9));
  await expectDecision(cast, 'Cem', { userId: 'cem' }, 'thank-you', 'big-spenders', 'Thank you, Cem: free delivery today');
}

async function sharedTablet(cast: Cast): Promise<void> {
  const { tracking, telling, promises, audience } = cast;
  telling.act('IV. One tablet, two people');
  meet(cast, 'Eva', { userId: 'eva' });
  meet(cast, 'Finn', { userId: 'finn' });
  telling.does('Eva', 'logs in on the tablet of the family and orders for 150.00');
  await tracking.send(
    { anonymousId: 'tablet', userId: 'eva', traits: { firstName: 'Eva', tier: 'gold', email: 'eva@example.org' } },
    order('tablet', 'eva', 150),
  );
  telling.does('Finn', 'logs in after her, and looks around without being logged in any more');
  await tracking.send({ anonymousId: 'tablet', userId: 'finn', traits: { firstName: 'Finn', email: 'finn@example.org' } });
  await tracking.send({ anonymousId: 'tablet', event: 'Product Viewed', properties: ware(cast) });
  await promises.ask('the two people of one tablet stay two people, and the tablet stands for the second', async () => {
    const [eva, finn, tablet] = await eventually(
      () =>
        Promise.all([
          audience.profileOf({ userId: 'eva' }),
          audience.profileOf({ userId: 'finn' }),
          audience.profileOf({ anonymousId: 'tablet' }),
        ]),
      ([, second, device]) => second === device,
    );
    return { ok: eva !== finn && tablet === finn, found: `Eva ${eva}, Finn ${finn}, tablet ${tablet}` };
  });
  await expectDecision(cast, 'Eva', { userId: 'eva' }, 'gold-lounge', 'vip', 'Eva, the gold lounge is open');
  await expectDecision(cast, 'whoever holds the tablet', { anonymousId: 'tablet' }, 'standard-hero', undefined, 'Welcome');
}

async function forgottenCart(cast: Cast): Promise<void> {
  const { tracking, telling } = cast;
  const cart = tracking.sent.find(({ anonymousId, event }) => anonymousId === 'ben-laptop' && event === 'Product Added');
  telling.act('V. Three seconds after it was filled, a cart is forgotten');
  await pause(Math.max(0, (cart?.atMs ?? 0) + ABANDONED_MS + 150 - Date.now()));
  await expectDecision(
    cast,
    'Ben',
    { anonymousId: 'ben-laptop' },
    'ten-off',
    'forgotten-cart',
    'Hi there, your cart is waiting: 10 % off',
  );
}

async function outOfTheTunnel(cast: Cast): Promise<void> {
  const { tracking, telling } = cast;
  telling.act('VI. A phone comes out of a tunnel');
  meet(cast, 'Gil', { userId: 'gil' });
  telling.does('Gil', 'sends the days he was offline: two orders, and what he looked at an hour ago; one message twice');
  const gil = { anonymousId: 'gil-phone', userId: 'gil' };
  const hour = 3_600_000;
  const [first] = await tracking.send(
    { ...gil, event: 'Order Completed', properties: { revenue: 80.25 }, agoMs: 48 * hour },
    { ...gil, event: 'Order Completed', properties: { revenue: 40.5 }, agoMs: 24 * hour },
    ...[1, 2, 3].map((i): Call => ({ ...gil, event: 'Product Viewed', properties: ware(cast), agoMs: hour - i })),
  );
  const { messageId = '' } = first ?? {};
  await tracking.send({ ...gil, event: 'Order Completed', properties: { revenue: 80.25 }, agoMs: 48 * hour, messageId });
  await expectDecision(cast, 'Gil', { userId: 'gil' }, 'thank-you', 'big-spenders', 'Thank you, friend: free delivery today');
}

async function mistake(cast: Cast): Promise<void> {
  const { tracking, telling, promises, audience } = cast;
  telling.act('VII. A mistake, and its undoing');
  telling.does('Hugo', "logs in on Ida's laptop, by mistake; his twin does so on a new one");
  await tracking.send(
    ...hugoAndTwin((_, userId) => ({
      anonymousId: userId === 'hugo' ? 'ida-laptop' : 'hotel-pc',
      userId,
      traits: { firstName: 'Hugo' },
    })),
  );
  await expectSame(cast, "Hugo's log-in makes Ida's laptop his", { anonymousId: 'ida-laptop' }, { userId: 'hugo' });
  await pause(300);
  telling.does('An operator', "says: Ida's laptop is not Hugo's");
  await promises.ask('the link is taken back over gRPC', async () => {
    const revoked = await audience.unlink({ anonymousId: 'ida-laptop' }, { userId: 'hugo' });
    tracking.parted.push({ anonymousId: 'ida-laptop', userId: 'hugo', atMs: Date.now() });
    return { ok: revoked.length === 1, found: revoked.join(', ') };
  });
  await pause(600);
  const parted = [
    ['Ida', { anonymousId: 'ida-laptop' }, { anonymousId: 'twin-laptop' }],
    ['Hugo', { userId: 'hugo' }, { userId: 'hugo-twin' }],
  ] as const;
  for (const [name, one, twin] of parted) await expectAsTwin(cast, name, one, twin);
}

async function nobodyDoesAnything(cast: Cast): Promise<void> {
  const { tracking, telling } = cast;
  telling.act('VIII. A window runs out while nobody does anything');
  telling.does('Ada', 'comes back, looks at three things, and goes for tea; the shop is quiet');
  for (let i = 0; i < 3; i++) {
    await tracking.send({ anonymousId: 'ada-phone', userId: 'ada', event: 'Product Viewed', properties: ware(cast) });
    await pause(60);
  }
  const lastMs = Math.max(...tracking.sent.map(({ arrivedMs }) => arrivedMs));
  await pause(lastMs + LOOKING_MS + 700 - Date.now());
}

/** The rest of the shop: people who come, look, sometimes fill a cart, sometimes order, some with an account. */
async function strangers(cast: Cast): Promise<void> {
  const { tracking, chance } = cast;
  const calls: { readonly atMs: number; readonly call: Call }[] = [];
  for (let visitor = 1; visitor <= 12; visitor++) {
    const anonymousId = `visitor-${String(visitor)}`;
    const who = chance.int(0, 2) === 0 ? { anonymousId, userId: `customer-${String(visitor)}` } : { anonymousId };
    meet(cast, `visitor ${String(visitor)}`, who.userId === undefined ? { anonymousId } : { userId: who.userId });
    if (who.userId !== undefined)
      calls.push({
        atMs: chance.int(0, 2_000),
        call: { ...who, traits: { tier: chance.pick(['gold', 'plain']), newsletter: chance.pick([true, false]) } },
      });
    for (let left = chance.int(1, 5); left > 0; left--)
      calls.push({
        atMs: chance.int(0, 4_500),
        call: { ...who, event: chance.pick(['Product Viewed', 'Product Viewed', 'Product Added']), properties: ware(cast) },
      });
    if (chance.int(0, 3) === 0)
      calls.push({ atMs: chance.int(2_000, 4_500), call: order(anonymousId, who.userId, chance.int(20, 160)) });
  }
  let passedMs = 0;
  for (const { atMs, call } of calls.sort((a, b) => a.atMs - b.atMs)) {
    await pause(atMs - passedMs);
    passedMs = atMs;
    await tracking.send(call);
  }
}

/** The slot's answer must be this content, because of this segment, and the recomputation must agree that the person is in it. */
async function expectDecision(
  { tracking, audience, telling, promises }: Cast,
  name: string,
  who: WhoAsked,
  content: string,
  segment: string | undefined,
  headline: string,
): Promise<void> {
  await promises.ask(`${name} is shown ${content}${segment === undefined ? '' : ` because of ${segment}`}`, async () => {
    const answer = await eventually(
      () => audience.decide(who, HERO),
      (found) => found.content === content,
    );
    telling.decision(name, HERO, answer.content, answer.payload.headline ?? '', answer.reason.detail);
    const member =
      segment === undefined || memberSince(tracking, personAt(tracking, who, Date.now()), segment, Date.now()) !== undefined;
    return {
      ok: isAnswer(answer, content, segment, headline) && member,
      found: `${answer.status} ${answer.content} "${answer.payload.headline ?? ''}" ${answer.reason.segment ?? answer.reason.code}`,
    };
  });
}

function isAnswer(
  { content, status, payload, reason }: AskedSlot,
  want: string,
  segment: string | undefined,
  headline: string,
): boolean {
  const because = segment === undefined ? status === 'FALLBACK' : status === 'OK' && reason.segment === segment;
  return content === want && because && payload.headline === headline;
}

async function expectSame({ tracking, audience, promises }: Cast, name: string, one: WhoAsked, other: WhoAsked): Promise<void> {
  await promises.ask(name, async () => {
    const [a, b] = await eventually(
      () => Promise.all([audience.profileOf(one), audience.profileOf(other)]),
      ([x, y]) => x === y,
    );
    const agreed = personAt(tracking, one, Date.now()) === personAt(tracking, other, Date.now());
    return { ok: a === b && agreed, found: a === b ? a : `${a} and ${b}` };
  });
}

/** After the unlink: what can be asked about a person equals what can be asked about the twin who was never merged, and the recomputation. */
async function expectAsTwin({ tracking, audience, promises }: Cast, name: string, who: WhoAsked, twin: WhoAsked): Promise<void> {
  await promises.ask(
    `after the undoing ${name} has the memberships, since the same time, of the twin who was never merged`,
    async () => {
      const ask = async (): Promise<readonly [string, string, number]> => {
        const [mine, theirs] = await Promise.all([audience.memberships(who), audience.memberships(twin)]);
        const apartMs = mine.map(({ enteredAt }, i) => Math.abs(Date.parse(enteredAt) - Date.parse(theirs[i]?.enteredAt ?? '')));
        return [namesOf(mine), namesOf(theirs), Math.max(0, ...apartMs)];
      };
      const want = segmentsAt(tracking, personAt(tracking, who, Date.now()), Date.now()).join(' ');
      const [mine, theirs, apartMs] = await eventually(ask, ([a, b]) => a === b && a === want);
      return {
        ok: mine === theirs && mine === want && apartMs <= 100,
        found: `[${mine}], the twin [${theirs}], recomputed [${want}], since times at most ${String(apartMs)} ms apart`,
      };
    },
  );
  await promises.ask(`after the undoing ${name} has the features of the twin, to the byte`, async () => {
    const want = JSON.stringify(sorted({ ...featuresAt(tracking, personAt(tracking, who, Date.now()), Date.now()) }));
    const ask = async (): Promise<readonly [string, string]> => [
      JSON.stringify(await audience.features(who)),
      JSON.stringify(await audience.features(twin)),
    ];
    const [mine, theirs] = await eventually(ask, ([a, b]) => a === b);
    const { features } = JSON.parse(mine) as { features: Record<string, unknown> };
    return { ok: mine === theirs && JSON.stringify(features) === want, found: mine };
  });
}

function namesOf(memberships: readonly { readonly segment: string; readonly pending: boolean }[]): string {
  return memberships.map(({ segment, pending }) => (pending ? `${segment} (pending)` : segment)).join(' ');
}

export function sorted(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Asks until the answer is the expected one, or for two seconds: reading lags behind the log by a bounded time. */
export async function eventually<T>(ask: () => Promise<T>, good: (found: T) => boolean): Promise<T> {
  const untilMs = Date.now() + SETTLES_MS;
  for (;;) {
    const found = await ask();
    if (good(found) || Date.now() >= untilMs) return found;
    await pause(30);
  }
}

function meet({ known }: Cast, name: string, who: WhoAsked): void {
  known.set(name, who);
}

function ware({ chance }: Cast): Readonly<Record<string, unknown>> {
  return chance.pick(WARES);
}

function order(anonymousId: string, userId: string | undefined, revenue: number): Call {
  return { anonymousId, ...(userId === undefined ? {} : { userId }), event: 'Order Completed', properties: { revenue } };
}

function hugoAndTwin(call: (device: string, userId: string) => Call): readonly Call[] {
  return [call('hugo-phone', 'hugo'), call('twin-phone', 'hugo-twin')];
}
