// What is said of messages, keys that are given again and new ones (§24), by REST and on the command line.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { BINARY, cleanAll, cleanup, fs, hashOf, neighbours, Node, once, path, PATIENCE_MS, Peer, spawn, Subscriber, temporaryDirectory, wallClock } from './support.mjs';
import { currentOffer, keyText, openWith, SealingPeer } from './sealed.mjs';

after(cleanAll);

const above = async (node) => (await node.get('/api/v1/node')).head + 1;
const shown = async (node, event_id) => (await node.history()).find((message) => message.event_id === event_id);
const refused = async (node, target, body) => { const { status, body: { error, message } } = await node.request('POST', target, body); return [status, error, message]; };
const statusOf = async (...call) => (await refused(...call)).slice(0, 2);

/** Alice's node and Bob's, who can seal to each other. */
async function street() {
  const nodes = await neighbours();
  for (const [node, other] of [nodes, nodes.toReversed()]) {
    await node.until(async () => (await node.get(`/api/v1/chat/conversations?peer=${other.id}`)).conversations[0].e2e);
  }
  return nodes;
}

/** Alice's node and a Bob who was written apart from it. */
async function couple(config = '') {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street', config })).start();
  const bob = new SealingPeer();
  await bob.join(alice, 'Bob');
  await bob.push(alice, bob.prekeys(await above(alice)));
  return [alice, bob];
}

test('what is said of a message may name its peer, and has to where two have one id', async () => {
  const [alice, bob] = await couple();
  const jana = new SealingPeer();
  await jana.join(alice, 'Jana');
  await jana.push(alice, jana.prekeys(await above(alice)));
  const say = async (who, event_id) => {
    const { data, lamport } = who.message(await above(alice), alice.id, { kind: 'text', body: 'hello' }, { to: currentOffer(await who.pull(alice), alice.id, who.id) });
    await who.push(alice, who.event(who.community, lamport, 'chat.message.sent', data, event_id && { event_id }));
    return (await alice.history(`peer=${who.id}`)).at(-1).event_id;
  };
  const event_id = await say(bob);
  assert.equal(await say(jana, event_id), event_id);
  const react = (more) => refused(alice, '/api/v1/chat/react', { event_id, emoji: '👍', ...more });
  const [status, error, message] = await react();
  assert.deepEqual([status, error], [400, 'bad_request']);
  assert.match(message, /name the peer/);
  assert.deepEqual((await react({ peer: 'ed25519:AAAA-AAAA-AAAA-AAAA' })).slice(0, 2), [404, 'not_found']);
  await alice.post('/api/v1/chat/react', { event_id, emoji: '👍', peer: jana.id });
  assert.equal((await alice.history(`peer=${bob.id}`))[0].reactions, undefined);
  assert.deepEqual((await alice.history(`peer=${jana.id}`))[0].reactions, [{ emoji: '👍', from: [alice.id] }]);
});

test('what is wrong with it is said, and nothing is written', async () => {
  const [alice, bob] = await couple();
  const { event_id } = await alice.send(bob.id, 'hello');
  const head = await above(alice);
  for (const body of [{ event_id, body: 'x', client_id: 7 }, { event_id, body: 'x', client_id: '' }, { event_id, body: 'x', emoji: 'x' }, { event_id: 'x', body: 'x' }, { event_id, body: 7 }, { event_id, body: 'x', peer: null }]) {
    assert.deepEqual(await statusOf(alice, '/api/v1/chat/edit', body), [400, 'bad_request'], JSON.stringify(body));
  }
  assert.equal(await above(alice), head);
});

test('what is switched off for messages is for what is said of them', async () => {
  for (const [setting, answer] of [['enabled', [501, 'not_implemented']], ['store_and_forward', [503, 'partition']]]) {
    const [alice, bob] = await couple();
    const { event_id } = await alice.send(bob.id, 'hello', 'hello-1');
    const again = [['/api/v1/chat/send', { recipient: bob.id, body: 'hello', client_id: 'hello-1' }], ['/api/v1/chat/react', { event_id, emoji: 'y', client_id: 'react-1' }]];
    const reacted = await alice.post(...again[1]);
    await alice.stop();
    const strict = `${setting} = false\n`;
    fs.appendFileSync(`${alice.directory}/hearthchat.ini`, `[chat]\n${strict}`);
    await alice.start();
    const head = await above(alice);
    for (const peer of [{}, { peer: bob.id }]) {
      assert.deepEqual(await statusOf(alice, '/api/v1/chat/edit', { event_id, body: 'x', ...peer }), answer);
      assert.deepEqual(await statusOf(alice, '/api/v1/chat/delete', { event_id, for: 'both', ...peer }), answer);
      assert.deepEqual(await statusOf(alice, '/api/v1/chat/react', { event_id, emoji: 'x', ...peer }), answer);
    }
    if (setting === 'store_and_forward') { // what was stored before is answered as it was (§14)
      assert.equal((await alice.post(...again[0])).event_id, event_id);
      assert.equal((await alice.post(...again[1])).event_id, reacted.event_id);
    }
    assert.equal(await above(alice), head);
    assert.equal((await shown(alice, event_id)).body, 'hello');
  }
});

test('an answer is sealed or refused, and is part of what a client_id served for', async () => {
  const [alice, bob] = await couple();
  const jana = new Peer();
  await jana.join(alice, 'Jana');
  const open = await alice.send(jana.id, 'open');
  const head = await above(alice);
  const send = (more) => refused(alice, '/api/v1/chat/send', { body: 'answer', ...more });
  const [status, error, message] = await send({ recipient: jana.id, reply_to: open.event_id });
  assert.deepEqual([status, error], [400, 'bad_request']);
  assert.match(message, /conversation is not end-to-end encrypted/);
  assert.deepEqual((await send({ recipient: jana.id, reply_to: open.event_id, e2e: 'required' })).slice(0, 2), [409, 'e2e_session_missing']);
  assert.deepEqual((await send({ recipient: bob.id, reply_to: open.event_id })).slice(0, 2), [404, 'not_found']);
  assert.equal(await above(alice), head);
  const [one, two] = [await alice.send(bob.id, 'one'), await alice.send(bob.id, 'two')];
  const answer = { recipient: bob.id, body: 'answer', client_id: 'c', reply_to: one.event_id };
  const first = await alice.post('/api/v1/chat/send', answer);
  assert.equal((await alice.post('/api/v1/chat/send', answer)).event_id, first.event_id);
  assert.deepEqual((await send({ ...answer, reply_to: two.event_id })).slice(0, 2), [400, 'bad_request']);
  assert.deepEqual((await send({ ...answer, reply_to: undefined })).slice(0, 2), [400, 'bad_request']);
});

test('what is sent with a message is sealed with it', async () => {
  const [alice, bob] = await couple();
  const attachments = [{ cid: `blake3:${'ab'.repeat(32)}`, name: 'map.png' }];
  const { event_id } = await alice.post('/api/v1/chat/send', { recipient: bob.id, body: 'here', attachments });
  const event = (await bob.pull(alice)).find((other) => other.event_id === event_id);
  assert.deepEqual(event.data.attachments, []);
  assert.deepEqual(bob.open(event), { kind: 'text', body: 'here', attachments });
});

test('with require nothing goes in clear', async () => {
  const [alice, bob] = await couple('[e2e]\nrequire = true\n');
  const jana = new Peer();
  await jana.join(alice, 'Jana');
  const head = await above(alice);
  for (const e2e of [undefined, 'allowed', 'required']) {
    const [status, error, message] = await refused(alice, '/api/v1/chat/send', { recipient: jana.id, body: 'x', e2e });
    assert.deepEqual([status, error], [409, 'e2e_session_missing']);
    assert.match(message, /\[e2e\] require = true/);
  }
  assert.equal(await above(alice), head);
  assert.equal((await alice.send(bob.id, 'sealed')).e2e, true);
});

test('what a device had and lost is told to the owner of the other one, who gives it again', async () => {
  const [alice, bob] = await couple();
  const sent = await alice.send(bob.id, 'you had this');
  const event = (await bob.pull(alice)).find(({ event_id }) => event_id === sent.event_id);
  await bob.push(alice, bob.event(bob.community, await above(alice), 'chat.message.delivered', { target_event_id: sent.event_id, delivered_at: wallClock() }));
  const lost = async () => (await alice.get(`/api/v1/chat/conversations?peer=${bob.id}`)).conversations[0].lost_there;
  assert.equal(await lost(), 0);
  const tab = new Subscriber(alice, { topics: ['peer.changed'] });
  await tab.ready();
  await bob.push(alice, bob.event(bob.community, await above(alice), 'e2e.session.broken', { peer: alice.id, events: [hashOf(event)], reply: keyText(bob.offer()) }));
  const told = (count) => tab.until(({ topic, data }) => topic === 'peer.changed' && data.node_id === bob.id && data.lost_there === count);
  assert.equal(typeof (await told(1)).data.online, 'boolean');
  assert.equal(await lost(), 1);
  const keys = async () => (await bob.pull(alice)).filter(({ author, event_type, data }) => author === alice.id && event_type === 'chat.message.sent' && data.body.e2e).map((other) => bob.open(other)).filter(({ kind }) => kind === 'keys');
  assert.deepEqual(await keys(), []);
  assert.deepEqual(await alice.post('/api/v1/chat/restore', { peer: bob.id }), { messages: 1 });
  const [given, ...more] = await keys();
  assert.deepEqual([given.keys.map(({ event }) => event), more], [[hashOf(event)], []]);
  assert.deepEqual(openWith(event, Buffer.from(given.keys[0].key, 'base64url')), { kind: 'text', body: 'you had this' });
  await told(0);
  assert.equal(await lost(), 0);
  assert.deepEqual(await alice.post('/api/v1/chat/restore', { peer: bob.id }), { messages: 0 });
  assert.deepEqual(await alice.post('/api/v1/chat/restore', { peer: bob.id, since_lamport: 0 }), { messages: 1 });
  assert.deepEqual(await alice.post('/api/v1/chat/restore', { peer: bob.id, since_lamport: sent.lamport }), { messages: 0 });
  for (const body of [{}, { peer: bob.id, since_lamport: -1 }, { peer: bob.id, since_lamport: '0' }, { peer: bob.id, more: 1 }, { peer: bob.id, theirs: 1 }, { peer: bob.id, theirs: true, since_lamport: 0 }, { peer: alice.id }]) {
    assert.deepEqual(await statusOf(alice, '/api/v1/chat/restore', body), [400, 'bad_request'], JSON.stringify(body));
  }
  await alice.post(`/api/v1/contacts/${bob.id}`, { blocked: true });
  assert.deepEqual(await statusOf(alice, '/api/v1/chat/restore', { peer: bob.id, since_lamport: 0 }), [400, 'bad_request']);
  const jana = new Peer();
  await jana.join(alice, 'Jana');
  const open = await alice.send(jana.id, 'open');
  assert.deepEqual(await alice.post('/api/v1/chat/restore', { peer: jana.id, since_lamport: open.lamport - 1 }), { messages: 0 });
  tab.close();
});

test('new keys, when the owner asks for them', async () => {
  const [alice, bob] = await couple();
  const before = currentOffer(await bob.pull(alice), alice.id, bob.id);
  const { event_id, lamport } = await alice.post('/api/v1/keys/rotate', {});
  const event = (await bob.pull(alice)).find((other) => other.event_id === event_id);
  assert.deepEqual([event.event_type, event.lamport, event.data.reset], ['e2e.prekeys.published', lamport, true]);
  const to = currentOffer(await bob.pull(alice), alice.id, bob.id);
  assert.notDeepEqual(to, before);
  for (const key of [to, before]) await bob.push(alice, bob.message(await above(alice), alice.id, { kind: 'text', body: 'still opens' }, { to: key }));
  assert.deepEqual((await alice.history(`peer=${bob.id}`)).map(({ body }) => body), ['still opens', 'still opens']);
  assert.deepEqual(await statusOf(alice, '/api/v1/keys/rotate', { all: true }), [400, 'bad_request']);
});

test('a message is found by the end of its id, or by its hash', async () => {
  const [alice, bob] = await couple();
  const sent = await alice.send(bob.id, 'hello');
  const event = (await bob.pull(alice)).find(({ event_id }) => event_id === sent.event_id);
  const find = async (query) => (await alice.get(`/api/v1/chat/messages?${query}`)).messages.map(({ event_id }) => event_id);
  for (const query of [`id=${sent.event_id}`, `id=${sent.event_id.slice(-6)}`, `hash=${hashOf(event)}`, `hash=${hashOf(event)}&peer=${bob.shortId ?? bob.id}`]) assert.deepEqual(await find(query), [sent.event_id]);
  for (const query of [`hash=${'0'.repeat(64)}`, `id=ZZZZZZZZ`, `id=${sent.event_id}&peer=${alice.id}`]) assert.deepEqual(await find(query), []);
  for (const query of ['', 'id=ABCDE', 'id=abcdef', 'hash=0', `id=${sent.event_id}&hash=${hashOf(event)}`, 'id=%25%25%25%25%25%25']) {
    assert.equal((await alice.request('GET', `/api/v1/chat/messages?${query}`)).status, 400, query);
  }
});

/** What a command that must succeed prints. */
async function run(node, ...args) {
  const { code, stdout, stderr } = await node.cli(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

test('on the command line messages are answered, edited, reacted to and deleted', async () => {
  const [alice, bob] = await street();
  const [question] = (await run(alice, 'send', 'Bob', 'When does the plumer come?')).split(' ');
  await bob.arrived('When does the plumer come?');
  const short = question.slice(-6);
  const history = () => run(alice, 'history', 'Bob');
  assert.match(await history(), new RegExp(`^[-0-9]{10} [:0-9]{5}  ${short}  Alice → Bob: When does the plumer come\\?  \\(delivered\\)\n$`));
  const [answer] = (await run(bob, 'reply', short.toLowerCase(), 'At eight')).split(' ');
  await alice.arrived('At eight');
  await run(alice, 'edit', short, 'When does the plumber come?', '--client-id', 'mended');
  assert.equal(await run(alice, 'edit', short, 'When does the plumber come?', '--client-id', 'mended'), await run(alice, 'edit', question, 'When does the plumber come?', '--client-id', 'mended'));
  await bob.until(async () => (await shown(bob, question)).edited_at);
  await run(bob, 'react', short, '👍');
  await run(alice, 'react', short, '🙂');
  await alice.until(async () => (await shown(alice, question)).reactions?.length === 2);
  const [first, second] = (await history()).split('\n');
  assert.match(first, /Alice → Bob: When does the plumber come\?  \(edited [-0-9]{10} [:0-9]{5}\)  🙂 Alice  👍 Bob  \(delivered\)$/);
  assert.match(second, new RegExp(`  ${answer.slice(-6)}  Bob → Alice, answering ${short}: At eight$`));
  await run(alice, 'react', short, '');
  assert.deepEqual((await shown(alice, question)).reactions, [{ emoji: '👍', from: [bob.id] }]);
  const theirs = await alice.cli('delete', answer.slice(-6));
  assert.deepEqual([theirs.code, theirs.stdout], [1, '']);
  assert.match(theirs.stderr, new RegExp(`hearthchat.* delete .*${answer.slice(-6)} --here \\(unauthorized\\)`));
  assert.equal(await run(alice, 'delete', answer, '--here'), 'Deleted on this device.\n');
  assert.match(await run(alice, 'delete', short), /^[0-9A-Z]{26}\nDeleted on this device, and on the other one as soon as/);
  await bob.until(async () => (await shown(bob, question)).e2e === 'deleted');
  assert.match(await history(), /Alice → Bob: Deleted .*\n.*Bob → Alice: Deleted on this device\.\n$/);
  await alice.until(async () => /Alice → Bob: Deleted at both ends\./.test(await history()));
  assert.match(await run(bob, 'history'), /Alice → Bob: Deleted by its author\.  \(gone for good by \d{4}-\d\d-\d\d\)\n.*Bob → Alice, answering .*: At eight  \(delivered\)\n$/);
});

test('what names no message, or several, is said with what to do', async () => {
  const [alice, bob] = await couple();
  const jana = new Peer();
  await jana.join(alice, 'Jana');
  const open = await alice.send(jana.id, 'open');
  for (const event_id of ['01HXR00000000000000000ABCD', '01HXR11111111111111110ABCD']) {
    const { data, lamport } = bob.message(await above(alice), alice.id, { kind: 'text', body: 'hello' }, { to: currentOffer(await bob.pull(alice), alice.id, bob.id) });
    await bob.push(alice, bob.event(bob.community, lamport, 'chat.message.sent', data, { event_id }));
  }
  const head = await above(alice);
  for (const [args, words] of [
    [['react', 'ABCD', 'x'], /ABCD names no message: take what stands behind its time in: .*history.* \(bad_request\)/],
    [['react', 'https://x/', 'x'], /names no message/],
    [['react', '00ABCE', 'x'], /No message is called 00ABCE\. .*history.* \(not_found\)/],
    [['react', '00ABCD', 'x'.repeat(33)], /32 bytes at most/],
    [['reply', open.event_id, 'x'], /not end-to-end encrypted/],
    [['edit', open.event_id, 'x'], /not end-to-end encrypted/],
    [['delete', open.event_id], /not end-to-end encrypted/],
    [['delete', open.event_id, '--here'], /not end-to-end encrypted/],
  ]) {
    const { code, stdout, stderr } = await alice.cli(...args);
    assert.deepEqual([code, stdout], [1, ''], args.join(' '));
    assert.match(stderr, words);
  }
  await bob.push(alice, bob.event(bob.community, await above(alice), 'chat.message.sent', bob.message(1, alice.id, { kind: 'text', body: 'again' }, { to: currentOffer(await bob.pull(alice), alice.id, bob.id) }).data, { event_id: '01HXR2222222222222220ABCDX' }));
  assert.match((await alice.cli('react', '0ABCDX', 'x')).stdout, /^[0-9A-Z]{26}\n$/);
  const several = await alice.cli('react', '10ABCD', 'x');
  assert.equal(several.code, 0, several.stderr);
  await bob.push(alice, bob.event(bob.community, await above(alice), 'chat.message.sent', bob.message(1, alice.id, { kind: 'text', body: 'twin' }, { to: currentOffer(await bob.pull(alice), alice.id, bob.id) }).data, { event_id: '01HXR3333333333333310ABCD3'.slice(0, 20) + '10ABCD' }));
  assert.match((await alice.cli('react', '10ABCD', 'x')).stderr, /Several messages are called 10ABCD; take more of the event_id .*history .*--json \(bad_request\)/);
  const own = await alice.send(bob.id, 'mine');
  await bob.push(alice, bob.event(bob.community, await above(alice), 'chat.message.sent', bob.message(1, alice.id, { kind: 'text', body: 'so called, too' }, { to: currentOffer(await bob.pull(alice), alice.id, bob.id) }).data, { event_id: own.event_id }));
  const edited = await alice.cli('edit', own.event_id, 'mine still'); // whoever takes an own message's id does not take it away
  assert.equal(edited.code, 0, edited.stderr);
  assert.equal((await alice.history()).find(({ event_id, from }) => event_id === own.event_id && from === alice.id).body, 'mine still');
  assert.ok(await above(alice) > head);
});

test('where several conversations have a message of one id, the command line is told with whom', async () => {
  const [alice, bob] = await couple();
  const jana = new SealingPeer();
  await jana.join(alice, 'Jana');
  await jana.push(alice, jana.prekeys(await above(alice)));
  const { event_id } = await alice.send(bob.id, 'mine');
  const { data, lamport } = jana.message(await above(alice), alice.id, { kind: 'text', body: 'hers' }, { to: currentOffer(await jana.pull(alice), alice.id, jana.id) });
  await jana.push(alice, jana.event(jana.community, lamport, 'chat.message.sent', data, { event_id }));
  const of = async (who) => (await alice.history(`peer=${who.id}`)).map(({ body, e2e, reactions, reply_to }) => [e2e === 'ok' ? body : e2e, reactions?.[0].emoji ?? null, reply_to ?? null]);
  const head = await above(alice);
  for (const args of [['react', event_id, 'x'], ['edit', event_id, 'x'], ['reply', event_id, 'x'], ['delete', event_id], ['delete', event_id, '--here']]) {
    const { code, stderr } = await alice.cli(...args);
    assert.equal(code, 1);
    assert.match(stderr, /^.*Messages of several conversations are called .*; say with whom: --peer WHO \(bad_request\)\n$/);
  }
  assert.match((await alice.cli('react', event_id, 'x', '--peer', 'Nobody')).stderr, /No member is called Nobody.* \(not_found\)/);
  assert.equal(await above(alice), head);
  await run(alice, 'react', event_id, 'x', '--peer', 'Jana');
  await run(alice, 'edit', event_id, 'mine still', '--peer', 'Bob');
  await run(alice, 'reply', event_id.slice(-6), 'good', '--peer', 'Jana');
  assert.deepEqual(await of(bob), [['mine still', null, null]]);
  assert.deepEqual(await of(jana), [['hers', 'x', null], ['good', null, event_id]]);
  await run(alice, 'delete', event_id, '--here', '--peer', 'Jana');
  await run(alice, 'delete', event_id, '--peer', 'Bob');
  assert.deepEqual([(await of(bob))[0][0], (await of(jana))[0][0]], ['deleted', 'deleted']);
});

test('history --follow tells what was edited, deleted and reacted to', async () => {
  const [alice, bob] = await street();
  const { event_id } = await alice.send(bob.id, 'one');
  await bob.arrived('one');
  const script = spawn(BINARY, ['history', alice.shortId, '--follow', '--json', '--data', bob.directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanup(() => script.kill('SIGKILL'));
  const lines = [];
  const reader = createInterface(script.stdout).on('line', (line) => lines.push(JSON.parse(line)));
  const told = async (condition) => { while (!lines.some(condition)) await once(reader, 'line', { signal: AbortSignal.timeout(PATIENCE_MS) }); };
  await told(({ body }) => body === 'one');
  await alice.post('/api/v1/chat/edit', { event_id, body: 'two' });
  await told((message) => message.event_id === event_id && message.body === 'two' && message.edited_at);
  await bob.post('/api/v1/chat/react', { event_id, emoji: '👍' });
  await told(({ reactions }) => reactions?.[0].emoji === '👍');
  const answer = await alice.post('/api/v1/chat/send', { recipient: bob.id, body: 'three', reply_to: event_id });
  await told((message) => message.event_id === answer.event_id && message.reply_to === event_id);
  await alice.post('/api/v1/chat/delete', { event_id, for: 'both' });
  await told((message) => message.event_id === event_id && message.e2e === 'deleted' && message.deleted_at);
});

test('keys on the command line', async () => {
  const [alice, bob] = await couple();
  const sent = await alice.send(bob.id, 'you had this');
  const event = (await bob.pull(alice)).find(({ event_id }) => event_id === sent.event_id);
  await bob.push(alice, bob.event(bob.community, await above(alice), 'chat.message.delivered', { target_event_id: sent.event_id, delivered_at: wallClock() }));
  assert.match(await run(alice, 'restore-messages', 'Bob'), /has asked for nothing .*--since 0/);
  await bob.push(alice, bob.event(bob.community, await above(alice), 'e2e.session.broken', { peer: alice.id, events: [hashOf(event)], reply: keyText(bob.offer()) }));
  await alice.until(async () => (await alice.get(`/api/v1/chat/conversations?peer=${bob.id}`)).conversations[0].lost_there === 1);
  assert.match(await run(alice, 'status'), /1 message.*restore-messages/);
  assert.match(await run(alice, 'restore-messages', 'Bob'), /^The keys of 1 message/);
  assert.deepEqual(JSON.parse(await run(alice, 'restore-messages', 'Bob', '--since', '0', '--json')), { messages: 1 });
  assert.doesNotMatch(await run(alice, 'status'), /restore-messages/);
  assert.equal((await alice.cli('restore-messages', 'Bob', '--since', 'x')).code, 2);
  const { event_id } = JSON.parse(await run(alice, 'rotate', '--json'));
  assert.equal((await bob.pull(alice)).find((other) => other.event_id === event_id).data.reset, true);
});

test('who is back from a backup reads again what the other one gives, own words too', async () => {
  const [alice, bob] = await street();
  const backup = path.join(temporaryDirectory(), 'backup.tar');
  await run(bob, 'backup', backup);
  const say = async (from, to, body) => from.delivered((await from.send(to.id, body)).event_id);
  await say(alice, bob, 'sealed to what the backup has');
  await say(bob, alice, 'own words'); // with a key to be answered that the backup has not
  await say(alice, bob, 'lost');
  await bob.stop();
  bob.directory = path.join(temporaryDirectory(), 'data');
  await run(bob, 'restore', backup);
  await bob.start();
  const read = async () => (await bob.history()).map(({ body, e2e }) => (e2e === 'ok' ? body : e2e));
  await bob.until(async () => (await read()).length === 3);
  await alice.until(async () => (await alice.get(`/api/v1/chat/conversations?peer=${bob.id}`)).conversations[0].lost_there === 1);
  assert.deepEqual(await read(), ['sealed to what the backup has', 'waiting', 'waiting']);
  assert.match(await run(bob, 'history'), /: sealed to what the backup has\n.*: Written after the backup .*--theirs\)\. .*\n.*: Lost on this device; the other end can give it again \(restore-messages\)\.\n$/);
  assert.match(await run(alice, 'restore-messages', 'Bob', '--theirs'), /^The keys of 2 messages/);
  await bob.until(async () => !(await read()).includes('waiting'));
  assert.deepEqual(await read(), ['sealed to what the backup has', 'own words', 'lost']);
  assert.match(await run(alice, 'restore-messages', 'Bob', '--theirs'), /^The keys of 1 message are/);
  assert.match(await run(alice, 'restore-messages', 'Bob', '--since', '0'), /^The keys of 3 messages/);
});
