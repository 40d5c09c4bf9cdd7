// §24.14: what sealed messages opened to, for the owner's programs and nobody else.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { BINARY, cleanAll, cleanup, crypto, hashOf, Node, Peer, spawn, Subscriber } from './support.mjs';
import { currentOffer, publicOf, SealingPeer } from './sealed.mjs';

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
async function seal(alice, bob, payload, more = {}) {
  const event = bob.message(await above(alice), alice.id, payload, { to: currentOffer(await bob.pull(alice), alice.id, bob.id), ...more });
  await bob.push(alice, event);
  return event;
}
const isOf = (event) => (frame) => frame.data?.event_id === event.event_id;

const attachment = { cid: `blake3:${'ab'.repeat(32)}`, name: 'a.jpg', size_bytes: 7, type: 'image/jpeg' };
const payload = { kind: 'text', body: 'under the mat', attachments: [{ ...attachment, key: Buffer.alloc(32, 1).toString('base64url') }] };
const opened = { kind: 'text', body: 'under the mat', attachments: [attachment] };

test('it stands beside the event, live and for who comes later, by WebSocket and by long-poll, without keys of files', async () => {
  const [alice, bob] = await couple();
  const live = new Subscriber(alice);
  await live.ready();
  const event = await seal(alice, bob, payload);
  const frame = await live.until(isOf(event));
  assert.deepEqual(Object.keys(frame), ['data', 'event', 'opened', 'seq', 'topic']);
  assert.deepEqual([frame.data, frame.opened], [event, opened]);
  const later = new Subscriber(alice, { since: 0 });
  assert.deepEqual(await later.until(isOf(event)), frame);
  const poll = await alice.request('GET', `/pubsub/v1/subscribe?topic=chat.message.${alice.id}&last_seq=0`);
  assert.deepEqual(poll.body.messages.find(isOf(event)), { data: event, opened, seq: frame.seq });

  const { event_id } = await alice.send(bob.id, 'our own');
  assert.deepEqual((await live.until(isOf({ event_id }))).opened, { kind: 'text', body: 'our own' });
  const receipt = await live.until(({ data }) => data?.event_type === 'chat.message.delivered');
  assert.equal(receipt.opened, undefined);
  const more = new Subscriber(alice, { since: 0 });
  assert.deepEqual((await more.until(isOf({ event_id }))).opened, { kind: 'text', body: 'our own' });
  for (const subscriber of [live, later, more]) subscriber.close();
});

test('who resumes is told what is there now, not what was deleted since; and all else in its order', async () => {
  const [alice, bob] = await couple();
  const live = new Subscriber(alice);
  await live.ready();
  const { seq } = await alice.get('/api/v1/node');
  const [first, second] = [await seal(alice, bob, { kind: 'text', body: 'secret 1' }), await seal(alice, bob, { kind: 'text', body: 'secret 2' })];
  const own = await alice.send(bob.id, 'secret 3');
  await alice.post('/api/v1/chat/edit', { event_id: own.event_id, body: 'secret 4' });
  const jana = new SealingPeer();
  await jana.join(alice, 'Jana');
  const kept = await seal(alice, bob, { kind: 'text', body: 'kept' });
  const answer = await alice.send(bob.id, 'secret 5');
  await live.until(isOf(answer));
  assert.equal(live.published().filter(({ opened }) => /^secret \d$/.test(opened?.body)).length, 5);
  await seal(alice, bob, { kind: 'delete', of: hashOf(first) });
  await alice.post('/api/v1/chat/delete', { event_id: second.event_id, for: 'me' });
  for (const { event_id } of [own, answer]) await alice.post('/api/v1/chat/delete', { event_id, for: 'both' });
  const resume = async () => {
    const last = await seal(alice, bob, { kind: 'text', body: 'last' });
    const subscriber = new Subscriber(alice, { since: seq, topics: [`chat.message.${alice.id}`, 'member.changed'] });
    await subscriber.until(isOf(last));
    subscriber.close();
    assert.doesNotMatch(JSON.stringify(subscriber.frames), /secret/);
    const seqs = subscriber.published().map((frame) => frame.seq);
    assert.deepEqual(seqs, [...new Set(seqs)].sort((one, other) => one - other));
    return subscriber;
  };
  const resumed = await resume();
  for (const event of [first, second, own, answer]) assert.equal(resumed.frames.find(isOf(event)).opened, undefined);
  assert.equal(resumed.frames.find(isOf(kept)).opened.body, 'kept');
  assert.deepEqual(resumed.published().filter(({ topic }) => topic === 'member.changed').map(({ data }) => [data.event_type, data.node_id]), [['community.member.invited', alice.id], ['community.member.joined', jana.id]]);
  await alice.post('/api/v1/chat/edit', { event_id: (await alice.send(bob.id, 'kept, too')).event_id, body: 'kept' });
  await alice.post('/api/v1/chat/clear', { peer: bob.id });
  assert.doesNotMatch(JSON.stringify((await resume()).frames), /kept/);
  live.close();
});

test('other members get events as they were signed', async () => {
  const [alice, bob] = await couple();
  const event = await seal(alice, bob, payload);
  await alice.send(bob.id, 'our own');
  const { body, text } = await bob.call(alice, 'GET', `/pubsub/v1/subscribe?topic=chat.message.${bob.id}&last_seq=0`);
  assert.deepEqual(body.messages.find(isOf(event)).data, event);
  for (const message of body.messages) assert.deepEqual(Object.keys(message), ['data', 'seq']);
  for (const words of ['under the mat', 'our own', 'opened']) assert.ok(!text.includes(words));
  const synced = JSON.stringify(await bob.pull(alice));
  for (const words of ['under the mat', 'our own']) assert.ok(!synced.includes(words));
});

/** `history --follow`: each line that it prints. */
function follow(node) {
  const child = spawn(BINARY, ['history', '--follow', '--data', node.directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanup(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return async () => (await lines.next()).value.replace(/^.*?: /, '');
}

test('keys that come late say what they opened, and who follows reads it then', async () => {
  const [alice, bob] = await couple();
  const key = crypto.randomBytes(32);
  const live = new Subscriber(alice);
  await live.ready();
  await seal(alice, bob, { kind: 'text', body: 'the first one' });
  const next = follow(alice);
  assert.equal(await next(), 'the first one');
  const event = await seal(alice, bob, { kind: 'text', body: 'you lost my key' }, { to: publicOf(crypto.randomBytes(32)), key });
  assert.equal((await live.until(isOf(event))).opened, undefined);
  assert.equal(await next(), 'Encrypted; its key is still to come, and is asked for.');
  assert.match((await alice.cli('history')).stdout, /: Encrypted; its key is still to come, and is asked for\.\n$/);
  const given = await seal(alice, bob, { kind: 'keys', keys: [{ event: hashOf(event), key: key.toString('base64url') }, { event: 'ab'.repeat(32), key: key.toString('base64url') }] });
  assert.deepEqual((await live.until(isOf(given))).opened, { kind: 'keys', events: [event.event_id] });
  assert.equal(await next(), 'you lost my key');
  await seal(alice, bob, { kind: 'text', body: 'and now?' });
  assert.equal(await next(), 'and now?');
  assert.match((await alice.cli('history')).stdout, /: you lost my key\n.*: and now\?\n$/);
  live.close();
});

test('a conversation says whether what is written now would be sealed, and its last message what it was', async () => {
  const [alice, bob] = await couple();
  const jana = new Peer();
  await jana.join(alice, 'Jana');
  await alice.send(bob.id, 'sealed');
  await alice.send(jana.id, 'in clear');
  const { conversations } = await alice.get('/api/v1/chat/conversations');
  const told = ({ id }) => conversations.filter(({ peer }) => peer === id).map(({ e2e, last_message }) => [e2e, last_message.e2e, last_message.body]);
  assert.deepEqual(told(bob), [[true, 'ok', 'sealed']]);
  assert.deepEqual(told(jana), [[false, false, 'in clear']]);
  const found = (await alice.get('/api/v1/chat/search?q=seale')).messages;
  assert.deepEqual(found.map(({ body, e2e }) => [body, e2e]), [['sealed', 'ok']]);
});

test('send --sealed sends what only its recipient can read, or nothing', async () => {
  const [alice, bob] = await couple();
  const jana = new Peer();
  await jana.join(alice, 'Jana');
  assert.equal((await alice.cli('send', 'Bob', 'for you', '--sealed')).code, 0);
  const { head } = await alice.get('/api/v1/node');
  const { code, stdout, stderr } = await alice.cli('send', 'Jana', 'for you', '--sealed');
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /can't receive encrypted messages yet.* \(e2e_session_missing\)\n$/);
  assert.equal((await alice.get('/api/v1/node')).head, head);
});
