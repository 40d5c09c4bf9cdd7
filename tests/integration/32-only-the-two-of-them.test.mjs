// §24, held to by a peer that was written apart from the node.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { canonical, cleanAll, crypto, fs, hashOf, Node, Peer, Subscriber, ulid, wallClock } from './support.mjs';
import { currentOffer, keyOfText, keyText, open, openWith, pad, padded, publicOf, recordsOf, safetyNumber, seal, SealingPeer } from './sealed.mjs';

after(cleanAll);

const vectors = JSON.parse(fs.readFileSync(new URL('../vectors/e2e.json', import.meta.url)));
const hex = (text) => Buffer.from(text, 'hex');

test('e1: the known answers', () => {
  const { event, bob_receiving_key: receiving } = vectors;
  const place = { author: event.author, recipient: event.data.recipient, community_id: event.community_id, client_id: event.data.client_id };
  const reply = Buffer.from(event.data.body.header.reply.slice('x25519:'.length), 'base64url');
  assert.equal(pad(vectors.payload_canonical).toString('hex'), vectors.padded_hex);
  assert.deepEqual(seal(place, { to: publicOf(hex(receiving.secret)), seq: vectors.seq, payload: vectors.payload_canonical, reply, key: hex(vectors.content_key), ephemeral: hex(vectors.ephemeral_secret) }), event.data.body);
  assert.deepEqual(open(event, [hex(receiving.secret)]).payload, JSON.parse(vectors.payload_canonical));
  for (const [length, expected] of Object.entries(vectors.padded_lengths)) assert.equal(padded(Number(length)), expected);
  assert.equal(safetyNumber(vectors.alice.node_id, vectors.bob.node_id), vectors.safety_number_alice_bob);
});

/** Alice's node and Bob, who has published a prekey and knows hers. */
async function couple() {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = new SealingPeer();
  await bob.join(alice, 'Bob');
  await bob.push(alice, bob.prekeys(await above(alice)));
  return [alice, bob];
}
const above = async (node) => (await node.get('/api/v1/node')).head + 1;
const offerOf = async (alice, bob) => currentOffer(await bob.pull(alice), alice.id, bob.id);
const say = async (alice, bob, body, more = {}) => {
  const event = bob.message(await above(alice), alice.id, { kind: 'text', body }, { to: await offerOf(alice, bob), ...more });
  await bob.push(alice, event);
  return event;
};
const receipts = async (alice, bob) => (await bob.pull(alice)).filter(({ author, event_type }) => author === alice.id && event_type === 'chat.message.delivered').map(({ data }) => data.target_event_id);
const eventOf = async (alice, bob, event_id) => (await bob.pull(alice)).find((event) => event.event_id === event_id);
const shown = async (alice, event) => (await alice.history()).find(({ event_id }) => event_id === event.event_id);

test('e2: what a header holds is its reader’s business; the envelope’s shape is everybody’s', async () => {
  const [alice, bob] = await couple();
  const data = (body) => ({ client_id: ulid(), recipient: alice.id, body, attachments: [] });
  const event = async (body) => bob.event(bob.community, await above(alice), 'chat.message.sent', data(body));
  const right = { e2e: true, header: { anything: ['at', 'all'], keys: 7 }, ciphertext: Buffer.alloc(16).toString('base64url') };
  const taken = await event(right);
  await bob.push(alice, taken);
  assert.deepEqual(await eventOf(alice, bob, taken.event_id), taken);
  assert.equal((await shown(alice, taken)).e2e, 'unreadable');
  for (const wrong of [{ ...right, e2e: false }, { ...right, more: 1 }, { ...right, ciphertext: Buffer.alloc(15).toString('base64url') }, { ...right, ciphertext: Buffer.alloc(131073).toString('base64url') }]) {
    const { body } = await bob.call(alice, 'POST', '/sync/v1/events', { community_id: bob.community, events: [await event(wrong)] });
    assert.deepEqual(body.rejected_reasons.map(({ reason }) => reason), ['bad_event']);
  }
});

test('e3: prekeys are published on joining, and what is none is not sealed to', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = new SealingPeer();
  await bob.join(alice, 'Bob');
  const prekeys = async () => (await bob.pull(alice)).filter(({ author, event_type }) => author === alice.id && event_type === 'e2e.prekeys.published');
  await alice.until(async () => (await prekeys()).length > 0);
  const [{ data }] = await prekeys();
  assert.equal(data.node_id, alice.id);
  assert.deepEqual(data.one_time_prekeys, []);
  const signer = crypto.createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(alice.id.slice(8), 'base64url')]), format: 'der', type: 'spki' });
  assert.ok(crypto.verify(null, keyOfText(data.signed_prekey.pubkey), signer, Buffer.from(data.signed_prekey.signature.slice(8), 'base64url')));
  const other = new Peer();
  for (const wrong of [{ signer: other }, { node_id: other.id }, { key: Buffer.alloc(32) }]) {
    await bob.push(alice, bob.prekeys(await above(alice), wrong));
    const { event_id, e2e } = await alice.send(bob.id, 'nothing to seal to');
    assert.equal(e2e, false);
    assert.equal((await eventOf(alice, bob, event_id)).data.body, 'nothing to seal to');
  }
});

test('e4: to whom keys are known nothing goes in clear; where sealing is required, nothing goes without', async () => {
  const [alice, bob] = await couple();
  const jana = new Peer();
  await jana.join(alice, 'Jana');
  for (const more of [{}, { e2e: 'allowed' }, { e2e: 'required' }]) {
    const { event_id, e2e } = await alice.post('/api/v1/chat/send', { recipient: bob.id, body: 'for you alone', ...more });
    assert.equal(e2e, true);
    const event = await eventOf(alice, bob, event_id);
    assert.ok(!JSON.stringify(event).includes('for you alone'));
    assert.deepEqual(bob.open(event), { kind: 'text', body: 'for you alone' });
    assert.equal((await shown(alice, event)).body, 'for you alone');
    assert.equal((await shown(alice, event)).e2e, 'ok');
  }
  const before = await alice.get('/api/v1/node');
  const refused = await alice.request('POST', '/api/v1/chat/send', { recipient: jana.id, body: 'for you alone', e2e: 'required' });
  assert.deepEqual([refused.status, refused.body.error], [409, 'e2e_session_missing']);
  assert.equal((await alice.get('/api/v1/node')).head, before.head);
});

test('e5: it is sealed to the newest offer, whatever order offers came in', async () => {
  const [alice, bob] = await couple();
  const tagOf = async () => recordsOf(await eventOf(alice, bob, (await alice.send(bob.id, 'hello')).event_id))[0].tag;
  const tag = (key) => key.subarray(0, 8);
  const [first, second] = [bob.offer(), bob.offer()];
  await say(alice, bob, 'one', { reply: first });
  assert.deepEqual(await tagOf(), tag(first));
  const lamport = await above(alice);
  const [prekey, reply] = [bob.offer(), bob.offer()];
  const to = await offerOf(alice, bob);
  await bob.push(alice, bob.message(lamport + 20, alice.id, { kind: 'text', body: 'later' }, { to, reply: second }));
  await bob.push(alice, bob.message(lamport + 10, alice.id, { kind: 'text', body: 'earlier' }, { to, reply }));
  assert.deepEqual(await tagOf(), tag(second));
  await bob.push(alice, bob.prekeys(await above(alice), { key: prekey }));
  assert.deepEqual(await tagOf(), tag(second));
  await bob.push(alice, bob.prekeys(await above(alice), { key: prekey, reset: true }));
  assert.deepEqual(await tagOf(), tag(prekey));
});

test('e6: each message is sealed afresh, and offers a new key when the last one was used', async () => {
  const [alice, bob] = await couple();
  const send = async () => eventOf(alice, bob, (await alice.send(bob.id, 'the same words')).event_id);
  const [one, two] = [await send(), await send()];
  assert.notDeepEqual(recordsOf(one)[0].enc, recordsOf(two)[0].enc);
  assert.notEqual(one.data.body.header.commit, two.data.body.header.commit);
  assert.notEqual(one.data.body.ciphertext, two.data.body.ciphertext);
  assert.deepEqual([one, two].map((event) => recordsOf(event)[0].seq), [1, 2]);
  assert.ok(one.data.body.header.reply);
  assert.equal(two.data.body.header.reply, undefined);
  await say(alice, bob, 'sealed to that');
  const three = await send();
  assert.ok(three.data.body.header.reply);
  assert.notEqual(three.data.body.header.reply, one.data.body.header.reply);
  assert.equal((await send()).data.body.header.reply, undefined);
});

test('e7: what does not open by every letter of the law is not said to be delivered', async () => {
  const [alice, bob] = await couple();
  const to = await offerOf(alice, bob);
  const payload = { kind: 'text', body: 'hello' };
  const good = pad(canonical(payload));
  const dirty = Buffer.from(good);
  dirty[good.length - 1] = 1;
  const message = async (more) => bob.message(await above(alice), alice.id, payload, { to, ...more });
  const place = { author: bob.id, community_id: bob.community, recipient: alice.id, client_id: 'c' };
  const bad = [
    await message({ wrapPlace: { ...place, author: alice.id } }),
    await message({ wrapPlace: { ...place, client_id: 'another' } }),
    await message({ commit: crypto.randomBytes(32) }),
    await message({ padding: dirty }),
    await message({ padding: Buffer.concat([good, Buffer.alloc(16)]) }),
    await message({ payload: '{"kind":"text","kind":"text","body":"twice"}' }),
    await message({ payload: '[]' }),
  ];
  const flipped = await message({});
  const { header } = flipped.data.body;
  bad.push(bob.event(bob.community, flipped.lamport, 'chat.message.sent', { ...flipped.data, body: { ...flipped.data.body, header: { ...header, reply: keyText(bob.offer()) } } }));
  await bob.push(alice, ...bad);
  const right = await say(alice, bob, 'this one opens');
  await alice.delivered(right.event_id);
  const said = await receipts(alice, bob);
  for (const event of bad) {
    assert.ok(!said.includes(event.event_id));
    assert.deepEqual([(await shown(alice, event)).e2e, (await shown(alice, event)).body], ['unreadable', '']);
  }
  const head = await above(alice); // there are no words of which anything could be said
  const { event_id } = bad.at(-1);
  for (const [target, body] of [['react', { event_id, emoji: 'x' }], ['react', { event_id, emoji: 'x', peer: bob.id }], ['edit', { event_id, body: 'x' }], ['send', { recipient: bob.id, body: 'x', reply_to: event_id }]]) {
    const { status, body: { error } } = await alice.request('POST', `/api/v1/chat/${target}`, body);
    assert.deepEqual([target, status, error], [target, 422, 'e2e_decrypt_failed']);
  }
  assert.equal(await above(alice), head);
  await alice.post('/api/v1/chat/react', { event_id: right.event_id, emoji: 'x' });
  await alice.post('/api/v1/chat/delete', { event_id, for: 'me' });
});

test('e8: in any order, and late, all are delivered', async () => {
  const [alice, bob] = await couple();
  const [to, lamport] = [await offerOf(alice, bob), await above(alice)];
  const events = Array.from({ length: 40 }, (_, i) => bob.message(lamport + i, alice.id, { kind: 'text', body: `message ${i}` }, { to, reply: i % 7 === 0 ? bob.offer() : undefined }));
  for (const event of events.toReversed()) await bob.push(alice, event);
  await alice.until(async () => (await receipts(alice, bob)).length === events.length);
  assert.deepEqual((await alice.history(`peer=${bob.id}`)).map(({ body }) => body), events.map((_, i) => `message ${i}`));
});

test('e9: for what is sealed to an unknown key its author is asked, and the key opens it in its place', async () => {
  const [alice, bob] = await couple();
  const [lost, other] = [crypto.randomBytes(32), crypto.randomBytes(32)];
  const sealed = await say(alice, bob, 'you lost my key', { to: publicOf(crypto.randomBytes(32)), key: lost });
  await say(alice, bob, 'and this comes after it');
  const broken = async () => (await bob.pull(alice)).filter(({ event_type }) => event_type === 'e2e.session.broken');
  await alice.until(async () => (await broken()).length === 1);
  const [{ data }] = await broken();
  assert.deepEqual([data.peer, data.events], [bob.id, [hashOf(sealed)]]);
  assert.deepEqual(await offerOf(alice, bob), keyOfText(data.reply));
  assert.equal((await shown(alice, sealed)).e2e, 'waiting');
  const give = async (key) => bob.push(alice, bob.message(await above(alice), alice.id, { kind: 'keys', keys: [{ event: hashOf(sealed), key: key.toString('base64url') }] }, { to: await offerOf(alice, bob) }));
  await give(other);
  assert.equal((await shown(alice, sealed)).e2e, 'waiting');
  await give(lost);
  await alice.delivered(sealed.event_id);
  assert.deepEqual((await alice.history(`peer=${bob.id}`)).map(({ body }) => body), ['you lost my key', 'and this comes after it']);
  assert.equal((await broken()).length, 1);
});

test('e10: keys are given again for what was never acknowledged, and for nothing else', async () => {
  const [alice, bob] = await couple();
  const events = [];
  for (const body of ['acknowledged', 'lost']) events.push(await eventOf(alice, bob, (await alice.send(bob.id, body)).event_id));
  await bob.push(alice, bob.event(bob.community, await above(alice), 'chat.message.delivered', { target_event_id: events[0].event_id, delivered_at: wallClock() }));
  await bob.push(alice, bob.event(bob.community, await above(alice), 'e2e.session.broken', { peer: alice.id, events: events.map(hashOf), reply: keyText(bob.offer()) }));
  const payloads = async () => (await bob.pull(alice)).filter(({ author, event_type, data }) => author === alice.id && event_type === 'chat.message.sent' && data.body.e2e).map((event) => bob.open(event));
  await alice.until(async () => (await payloads()).some(({ kind }) => kind === 'keys'));
  const { keys } = (await payloads()).find(({ kind }) => kind === 'keys');
  assert.deepEqual(keys.map(({ event }) => event), [hashOf(events[1])]);
  assert.deepEqual(openWith(events[1], Buffer.from(keys[0].key, 'base64url')), { kind: 'text', body: 'lost' });
});

test('e14: from the log and the keyring all is derived again; without its key a message waits', async () => {
  const [alice, bob] = await couple();
  const theirs = await say(alice, bob, 'from Bob');
  await alice.send(bob.id, 'from Alice');
  const before = await alice.history();
  await alice.stop();
  assert.equal((await alice.cli('rebuild')).code, 0);
  execFileSync('sqlite3', [alice.database(), `DELETE FROM keyring WHERE hash=x'${hashOf(theirs)}'; DELETE FROM receiving_keys`]);
  await alice.start();
  assert.deepEqual(await alice.history(), before);
  await alice.stop();
  assert.equal((await alice.cli('rebuild')).code, 0);
  await alice.start();
  assert.deepEqual((await alice.history()).map(({ body, e2e }) => [body, e2e]), [['', 'waiting'], ['from Alice', 'ok']]);
});

test('bad input: records that are cut or swapped, a clock a year ahead, questions for too much', async () => {
  const [alice, bob] = await couple();
  const to = await offerOf(alice, bob);
  const fresh = async () => bob.message(await above(alice), alice.id, { kind: 'text', body: 'hello' }, { to });
  const keysOf = ({ data }) => Buffer.from(data.body.header.keys, 'base64url');
  const another = keysOf(await fresh());
  const many = Buffer.concat(Array.from({ length: 90 }, () => Buffer.concat([crypto.randomBytes(8), another.subarray(8)])));
  for (const [alter, e2e] of [[(keys) => keys.subarray(0, 91), 'unreadable'], [(keys) => Buffer.concat([keys, Buffer.from([0])]), 'unreadable'], [() => another, 'unreadable'],
    [() => many, 'waiting'], [(keys) => Buffer.concat([many.subarray(92), keys]), 'unreadable']]) { // the header is bound to the text
    const { data, lamport } = await fresh();
    const header = { ...data.body.header, keys: alter(keysOf({ data })).toString('base64url') };
    const event = bob.event(bob.community, lamport, 'chat.message.sent', { ...data, body: { ...data.body, header } });
    await bob.push(alice, event);
    assert.equal((await shown(alice, event)).e2e, e2e);
    assert.ok(!(await receipts(alice, bob)).includes(event.event_id));
  }

  const ahead = bob.message(await above(alice), alice.id, { kind: 'text', body: 'from next year' }, { to });
  const { signature: _signature, ...unsigned } = ahead;
  const late = bob.signed({ ...unsigned, wall_clock: wallClock(Date.now() + 365 * 86400000) });
  await bob.push(alice, late);
  await alice.delivered(late.event_id);
  assert.equal((await shown(alice, late)).body, 'from next year');

  const { event_id } = await alice.send(bob.id, 'never acknowledged');
  const mine = hashOf(await eventOf(alice, bob, event_id));
  const before = await offerOf(alice, bob);
  const many_hashes = Array.from({ length: 1000 }, (_, i) => (i === 0 ? mine : crypto.randomBytes(32).toString('hex')));
  const broken = async (events) => bob.push(alice, bob.event(bob.community, await above(alice), 'e2e.session.broken', { peer: alice.id, events, reply: keyText(bob.offer()) }));
  await broken(many_hashes); // too many: it is nothing
  assert.deepEqual(await offerOf(alice, bob), before);
  await broken([mine, ...many_hashes.slice(1, 100)]);
  const keys = async () => (await bob.pull(alice)).filter(({ author, event_type, data }) => author === alice.id && event_type === 'chat.message.sent' && data.body.e2e).map((event) => bob.open(event)).filter(({ kind }) => kind === 'keys');
  await alice.until(async () => (await keys()).length > 0);
  assert.deepEqual((await keys()).map((payload) => payload.keys.map(({ event }) => event)), [[mine]]);
});
