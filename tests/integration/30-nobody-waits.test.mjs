import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, http, Node, once, street, Subscriber } from './support.mjs';

let alice;
let member;
let other;
let quiet; // writes nothing
after(cleanAll);
before(async () => { [alice, member, other, quiet] = await street(3); });

const message = (from, lamport, to, body) => from.event(from.community, lamport, 'chat.message.sent', { client_id: crypto.randomUUID(), recipient: to, body, attachments: [] });

test('the owner hears of new messages while a member has its own read again and again', async () => {
  const { head } = (await member.call(alice, 'GET', '/sync/v1/heads')).body;
  for (let first = 0; first < 100; first += 50) {
    await member.push(alice, ...Array.from({ length: 50 }, (_, i) => message(member, head + 1 + first + i, other.id, 'x'.repeat(20000))));
  }
  const tab = new Subscriber(alice, { topics: [`chat.message.${alice.id}`] });
  await tab.ready();
  let polls = 0;
  let stopped = false;
  const poll = async () => {
    while (!stopped) {
      const { status, body } = await member.call(alice, 'GET', `/pubsub/v1/subscribe?topic=chat.message.${member.id}&last_seq=0&timeout=0`);
      assert.ok((status === 200 && body.messages.length === 100) || status === 429, `${status}`);
      polls += status === 200 ? 1 : 0;
    }
  };
  const polling = Promise.all([poll(), poll()]);
  for (let i = 0; i < 5; i++) {
    const before = polls;
    await alice.until(() => polls > before + 1); // it is in the midst of it
    await other.push(alice, message(other, head + 101 + i, alice.id, `news ${i}`));
    await tab.until(({ data, opened }) => (opened ?? data?.data)?.body === `news ${i}`);
  }
  stopped = true;
  await polling;
  tab.close();
});

test('a member that waits is told of what concerns it, and not woken by what does not', async () => {
  const waiting = member.call(alice, 'GET', `/pubsub/v1/subscribe?topic=chat.message.${member.id}&timeout=30`);
  const { head } = (await other.call(alice, 'GET', '/sync/v1/heads')).body;
  for (let i = 0; i < 20; i++) await other.push(alice, message(other, head + 1 + i, alice.id, `for Alice ${i}`));
  await other.push(alice, message(other, head + 21, member.id, 'for the member'));
  const { messages } = (await waiting).body;
  assert.deepEqual(messages.map(({ data }) => data.data.body), ['for the member']);
});

test('of a long answer everything comes, once, in the order of its lamports', async () => {
  const { body: { head, events } } = await other.call(alice, 'GET', '/sync/v1/heads');
  const seen = new Set();
  for (let our_head = 0, more = true; more;) {
    const { status, body } = await other.call(alice, 'POST', '/sync/v1/events', { community_id: other.community, events: [], our_head });
    assert.equal(status, 200);
    const lamports = body.events.map(({ lamport }) => lamport);
    assert.deepEqual(lamports, lamports.toSorted((a, b) => a - b));
    assert.ok(lamports[0] > our_head);
    for (const { event_id } of body.events) {
      assert.ok(!seen.has(event_id));
      seen.add(event_id);
    }
    our_head = lamports.at(-1);
    more = body.more === true;
    if (!more) assert.equal(our_head, head);
  }
  assert.equal(seen.size, events);
});

test('a poll that waited before there was a log is told of it', async () => {
  const founder = await (await Node.create({ name: 'Fay' })).start();
  const waiting = founder.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${founder.id}&last_seq=5&log=${'0'.repeat(26)}&timeout=60`);
  await founder.request('POST', '/api/v1/community', { name: 'Lane' });
  const { body } = await waiting;
  assert.equal(body.gap, true);
});

test('a poll brings 4 MiB and not much more, the next one what is left', async () => {
  const { head } = (await member.call(alice, 'GET', '/sync/v1/heads')).body;
  const events = Array.from({ length: 80 }, (_, i) => message(member, head + 1 + i, other.id, `${i} ${'y'.repeat(65000)}`));
  for (let first = 0; first < 80; first += 40) await member.push(alice, ...events.slice(first, first + 40));
  const read = async (after) => (await member.call(alice, 'GET', `/pubsub/v1/subscribe?topic=chat.message.${member.id}&last_seq=${after}&timeout=0`)).body;
  let polled = { messages: [], last_seq: (await read(Number.MAX_SAFE_INTEGER)).last_seq - 80 };
  const bodies = [];
  const polls = [];
  do {
    polled = await read(polled.last_seq);
    polls.push(polled.messages?.length ?? 0);
    bodies.push(...(polled.messages ?? []).map(({ data }) => data.data.body));
  } while (polled.messages);
  assert.equal(polls.length, 3, `${polls}`);
  assert.deepEqual(bodies, events.map(({ data }) => data.body));
});

test('the owner is answered while searches go through all there is', async () => {
  const { head } = (await member.call(alice, 'GET', '/sync/v1/heads')).body;
  for (let first = 0; first < 4000; first += 500) { // each has all of "bcab" but the word
    await member.push(alice, ...Array.from({ length: 500 }, (_, i) => message(member, head + 1 + first + i, alice.id, `bcax xcab ${'filler '.repeat(40)}`)));
  }
  let ended = 0;
  const searches = Array.from({ length: 8 }, async () => { // on a connection each
    assert.deepEqual((await alice.get('/api/v1/chat/search?q=bcab')).messages, []);
    ended += 1;
  });
  await alice.get('/api/v1/chat/conversations');
  assert.ok(ended < 4, `${ended} searches ended before`);
  await Promise.all(searches);
});

test('a member is answered while another one\'s pushes are verified', async () => {
  const { head } = (await member.call(alice, 'GET', '/sync/v1/heads')).body;
  const batches = Array.from({ length: 4 }, (_, batch) => Array.from({ length: 1000 }, (_, i) => message(member, head + 1 + 1000 * batch + i, other.id, `${batch} ${i}`)));
  let pushed = 0;
  let answered = 0;
  const pushes = batches.map(async (events) => {
    const { status, body } = await member.call(alice, 'POST', '/sync/v1/events', { community_id: member.community, events });
    assert.deepEqual([status, body.accepted], [200, 1000]);
    pushed += 1;
  });
  while (pushed === 0 && answered < 5) {
    assert.equal((await other.call(alice, 'GET', '/sync/v1/heads')).status, 200);
    answered += pushed === 0 ? 1 : 0;
  }
  assert.ok(answered === 5, `answered ${answered} times before the first push was`);
  await Promise.all(pushes);
});

const LONG = 300; // messages of 20 kB: 6 MB
const longHistory = () => `${alice.ui}/api/v1/chat/history?peer=${encodeURIComponent(quiet.id)}&limit=1000`;

test('a long history comes in pieces, whole and in order', async () => {
  for (let i = 0; i < LONG; i += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => alice.send(quiet.id, `${i + k} ${'z'.repeat(20000)}`)));
  const response = await fetch(longHistory());
  assert.equal(response.headers.get('transfer-encoding'), 'chunked');
  const { output } = await response.json();
  assert.deepEqual(output.messages.map(({ body }) => Number(body.split(' ')[0])).sort((one, two) => one - two), Array.from({ length: LONG }, (_, i) => i));
  assert.deepEqual(output.messages.map(({ lamport }) => lamport), output.messages.map(({ lamport }) => lamport).sort((one, two) => one - two));
  assert.equal(output.more, false);
  const page = (await alice.get(`/api/v1/chat/history?peer=${encodeURIComponent(quiet.id)}&limit=150`));
  assert.deepEqual([page.messages.length, page.more], [150, true]);
  assert.deepEqual(page.messages, output.messages.slice(-150));
});

test('who reads a long history slowly, or goes, keeps nobody waiting', async () => {
  const readers = await Promise.all(Array.from({ length: 8 }, async () => {
    const request = http.get(longHistory());
    const [response] = await once(request, 'response');
    await once(response, 'readable');
    return response; // and reads no more
  }));
  assert.equal((await fetch(longHistory()).then((response) => response.json())).output.messages.length, LONG);
  for (const response of readers.slice(0, 4)) response.destroy();
  for (const response of readers.slice(4)) {
    let text = '';
    for await (const bytes of response.setEncoding('utf8')) text += bytes;
    assert.equal(JSON.parse(text).output.messages.length, LONG);
  }
});

test('a node that stops finishes a long history that is being read, and waits for none that is not', async () => {
  const [[read], [left]] = await Promise.all([once(http.get(longHistory()), 'response'), once(http.get(longHistory()), 'response')]);
  left.on('error', () => {});
  await Promise.all([once(read, 'readable'), once(left, 'readable')]);
  const stopped = alice.stop();
  let text = '';
  for await (const bytes of read.setEncoding('utf8')) text += bytes;
  assert.equal(JSON.parse(text).output.messages.length, LONG);
  await stopped;
});
