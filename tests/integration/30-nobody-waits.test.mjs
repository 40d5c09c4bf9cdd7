import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, Node, street, Subscriber } from './support.mjs';

let alice;
let member;
let other;
after(cleanAll);
before(async () => { [alice, member, other] = await street(2); });

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
    await tab.until((frame) => frame.data?.data?.body === `news ${i}`);
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
