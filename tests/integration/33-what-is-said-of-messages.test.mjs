// Edits, deletions, reactions and answers (§24.3), between a node and a peer that was written apart from it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanAll, hashOf, Node, wallClock } from './support.mjs';
import { currentOffer, SealingPeer } from './sealed.mjs';

after(cleanAll);

/** Alice's node and Bob, who has published a prekey. */
async function couple() {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = new SealingPeer();
  await bob.join(alice, 'Bob');
  await bob.push(alice, bob.prekeys(await above(alice)));
  return [alice, bob];
}
const above = async (node) => (await node.get('/api/v1/node')).head + 1;
async function seal(alice, bob, payload, event_id) {
  let event = bob.message(await above(alice), alice.id, payload, { to: currentOffer(await bob.pull(alice), alice.id, bob.id) });
  if (event_id) event = bob.event(bob.community, event.lamport, event.event_type, event.data, { event_id });
  await bob.push(alice, event);
  return event;
}
const shown = async (node, event_id) => (await node.history()).find((message) => message.event_id === event_id);
const said = async (alice, bob) => (await bob.pull(alice)).filter(({ event_type, author, data }) => event_type === 'chat.message.sent' && author === alice.id && data.body.e2e).map((event) => ({ ...bob.open(event), event }));

test('what the peer says of its message is shown', async () => {
  const [alice, bob] = await couple();
  const text = await seal(alice, bob, { kind: 'text', body: 'The plumer comes' });
  const of = hashOf(text);
  await seal(alice, bob, { kind: 'edit', of, body: 'The plumber comes' });
  await seal(alice, bob, { kind: 'reaction', to: of, emoji: '👍' });
  await alice.post('/api/v1/chat/react', { event_id: text.event_id, emoji: '👍' });
  let message = await shown(alice, text.event_id);
  assert.equal(message.body, 'The plumber comes');
  assert.ok(message.edited_at);
  assert.deepEqual(message.reactions, [{ emoji: '👍', from: [alice.id, bob.id] }]);
  await seal(alice, bob, { kind: 'delete', of });
  message = await shown(alice, text.event_id);
  assert.deepEqual([message.e2e, message.body, message.edited_at, message.reactions], ['deleted', '', undefined, undefined]);
  assert.ok(message.deleted_at);
  assert.equal(message.gone_by, new Date(Date.now() + (7 + 30) * 86400000).toISOString().slice(0, 10)); // it was sealed to a prekey of today
  assert.equal((await alice.history()).length, 1);
});

test('what the owner says goes out by the hash of the message', async () => {
  const [alice, bob] = await couple();
  const { event_id } = await alice.send(bob.id, 'first');
  const answer = await alice.post('/api/v1/chat/send', { recipient: bob.id, body: 'answer', reply_to: event_id });
  await alice.post('/api/v1/chat/edit', { event_id, body: 'second', client_id: 'edit' });
  const again = await alice.post('/api/v1/chat/edit', { event_id, body: 'second', client_id: 'edit' });
  assert.equal((await shown(alice, event_id)).body, 'second');
  assert.equal((await shown(alice, answer.event_id)).reply_to, event_id);
  await alice.post('/api/v1/chat/delete', { event_id, for: 'both' });
  const payloads = await said(alice, bob);
  const of = hashOf(payloads[0].event);
  assert.deepEqual(payloads.map(({ event, ...payload }) => payload), [
    { kind: 'text', body: 'first' },
    { kind: 'text', body: 'answer', reply_to: of },
    { kind: 'edit', of, body: 'second' },
    { kind: 'delete', of },
  ]);
  assert.equal(again.event_id, payloads[2].event.event_id);
  assert.equal((await shown(alice, event_id)).e2e, 'deleted');
  const refused = async (target, body) => { const { status, body: { error } } = await alice.request('POST', target, body); return [status, error]; };
  assert.deepEqual(await refused('/api/v1/chat/edit', { event_id, body: 'x' }), [410, 'expired']);
  const theirs = await seal(alice, bob, { kind: 'text', body: 'theirs' });
  assert.deepEqual(await refused('/api/v1/chat/edit', { event_id: theirs.event_id, body: 'x' }), [401, 'unauthorized']);
  assert.deepEqual(await refused('/api/v1/chat/delete', { event_id: theirs.event_id, for: 'all' }), [400, 'bad_request']);
  assert.deepEqual(await refused('/api/v1/chat/react', { event_id: theirs.event_id, emoji: 'x'.repeat(33) }), [400, 'bad_request']);
  await alice.post('/api/v1/chat/delete', { event_id: theirs.event_id, for: 'me' });
  const mine = await shown(alice, theirs.event_id);
  assert.deepEqual([mine.e2e, mine.body, mine.deleted_at], ['deleted', '', undefined]);
  assert.equal((await said(alice, bob)).length, 4);
});

test('one message alone, its earlier words, and that it was deleted there, too', async () => {
  const [alice, bob] = await couple();
  const { event_id } = await alice.send(bob.id, 'words 0');
  const told = async (id = event_id) => (await alice.get(`/api/v1/chat/messages?peer=${bob.id}&id=${id}`)).messages;
  assert.deepEqual(await told(), [await shown(alice, event_id)]);
  for (let i = 1; i <= 53; i++) await alice.post('/api/v1/chat/edit', { event_id, body: `words ${i}` });
  const [{ earlier, ...message }] = await told();
  assert.deepEqual([message.body, message], ['words 53', await shown(alice, event_id)]);
  assert.deepEqual(earlier.map(({ body }) => body), Array.from({ length: 50 }, (_, i) => `words ${i + 3}`)); // the last 50
  assert.ok(earlier.every(({ at }) => /^20.*Z$/.test(at)));

  const deletion = await alice.post('/api/v1/chat/delete', { event_id, for: 'both' });
  assert.deepEqual(await told(), [await shown(alice, event_id)]);
  assert.equal((await shown(alice, event_id)).deleted_there_at, undefined);
  const delivered = async (target_event_id, delivered_at) => bob.push(alice, bob.event(bob.community, await above(alice), 'chat.message.delivered', { target_event_id, delivered_at }));
  await delivered(event_id, wallClock()); // of the message that says nothing
  assert.equal((await shown(alice, event_id)).deleted_there_at, undefined);
  await delivered(deletion.event_id, '2026-01-02T03:04:05Z');
  assert.equal((await shown(alice, event_id)).deleted_there_at, '2026-01-02T03:04:05Z');
  const theirs = await seal(alice, bob, { kind: 'text', body: 'x' });
  await seal(alice, bob, { kind: 'delete', of: hashOf(theirs) });
  assert.equal((await shown(alice, theirs.event_id)).deleted_there_at, undefined);
  const mine = await alice.send(bob.id, 'mine'); // the other one takes its id; each has its own earlier words
  const twin = await seal(alice, bob, { kind: 'text', body: 'theirs' }, mine.event_id);
  await seal(alice, bob, { kind: 'edit', of: hashOf(twin), body: 'theirs still' });
  await alice.post('/api/v1/chat/edit', { event_id: mine.event_id, body: 'mine still' });
  assert.deepEqual((await told(mine.event_id)).map(({ body, earlier: [{ body: before }] }) => [body, before]).sort(), [['mine still', 'mine'], ['theirs still', 'theirs']]);
  assert.deepEqual(await told('0'.repeat(26)), []);
});

test('in clear it is refused, and nothing is written', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = new SealingPeer();
  await bob.join(alice, 'Bob');
  const { event_id } = await alice.send(bob.id, 'open');
  const head = await above(alice);
  for (const [target, body] of [['edit', { event_id, body: 'x' }], ['delete', { event_id, for: 'both' }], ['delete', { event_id, for: 'me' }], ['react', { event_id, emoji: 'x' }], ['send', { recipient: bob.id, body: 'x', reply_to: event_id }]]) {
    const { status, body: { error, message } } = await alice.request('POST', `/api/v1/chat/${target}`, body);
    assert.deepEqual([target, status, error], [target, 400, 'bad_request']);
    assert.match(message, /not end-to-end encrypted/);
  }
  assert.equal(await above(alice), head);
});
