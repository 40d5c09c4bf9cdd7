import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, neighbours, Node, Peer } from './support.mjs';

let alice;
let bob;
after(cleanAll);
before(async () => { [alice, bob] = await neighbours(); });

const expectError = async (promise, status, code) => {
  const answer = await promise;
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.body.error, code, answer.text);
  assert.ok(answer.body.message.length > 10);
  assert.deepEqual(Object.keys(answer.body).filter((key) => !['error', 'message', 'schema_hash_expected', 'retry_after_ms'].includes(key)), []);
};
const send = (body) => alice.request('POST', '/api/v1/chat/send', body);

test('two nodes deliver directly, and the delivered event propagates back to the sender', async () => {
  await alice.until(async () => (await alice.get('/api/v1/members')).members.some((member) => member.node_id === bob.id && member.online)); // who was called while he still joined is called again a second later
  const sent = await alice.send(bob.id, 'Hello');
  assert.equal(sent.delivered, 'direct');
  await bob.arrived('Hello');
  await alice.delivered(sent.event_id);
  const [message] = (await alice.history()).filter((entry) => entry.event_id === sent.event_id);
  assert.equal(message.lamport, sent.lamport);
  assert.equal(message.from, alice.id);
  assert.equal(message.to, bob.id);
  assert.deepEqual(message.attachments, []);
  assert.ok(message.delivered_at);
  assert.equal(message.read_at, null);
});

test('the same client_id with the same content is one message, with another content an error', async () => {
  const first = await alice.send(bob.id, 'Once', 'client-1');
  const again = await alice.send(bob.id, 'Once', 'client-1');
  assert.deepEqual(again, first);
  assert.equal((await alice.history()).filter((message) => message.body === 'Once').length, 1);
  await expectError(send({ recipient: bob.id, body: 'Twice', client_id: 'client-1' }), 400, 'bad_request');
  const many = await Promise.all(Array.from({ length: 20 }, () => alice.send(bob.id, 'Many at once', 'client-2')));
  assert.equal(new Set(many.map((answer) => answer.event_id)).size, 1);
});

test('what cannot be sent is refused with the reason', async () => {
  const stranger = new Peer();
  await expectError(send({ recipient: alice.id, body: 'me' }), 400, 'bad_request');
  await expectError(send({ recipient: stranger.id, body: 'who' }), 404, 'not_found');
  await expectError(send({ recipient: 'ed25519:AAAA-AAAA-AAAA-AAAA', body: 'who' }), 404, 'not_found');
  await expectError(send({ recipient: 'Bob', body: 'x' }), 400, 'bad_request');
  await expectError(send({ recipient: bob.id, body: '' }), 400, 'bad_request');
  await expectError(send({ recipient: bob.id }), 400, 'bad_request');
  await expectError(send({ recipient: bob.id, body: 'ä'.repeat(32769) }), 400, 'bad_request');
  await expectError(send({ recipient: bob.id, body: 'x', client_id: '' }), 400, 'bad_request');
  await expectError(send({ recipient: bob.id, body: 'x', client_id: 'x'.repeat(129) }), 400, 'bad_request');
  await expectError(send({ recipient: bob.id, body: 'x', attachments: [{ cid: 'blake3:1', name: 'a' }] }), 400, 'bad_request');
  await expectError(send({ recipient: bob.id, body: 'x', extra: 1 }), 400, 'schema_mismatch');
  await expectError(send({ recipient: bob.id, body: 7 }), 400, 'schema_mismatch');
  await expectError(send({ body: 'x' }), 400, 'schema_mismatch');
  await expectError(send('{"recipient":'), 400, 'bad_request');
  await expectError(send('{"body":"a","body":"b"}'), 400, 'bad_request');
  await expectError(send(`{"recipient":"${bob.id}","body":"\\ud800"}`), 400, 'bad_request');
  await expectError(send(Buffer.concat([Buffer.from('{"body":"'), Buffer.from([0xff]), Buffer.from('"}')])), 400, 'bad_request');
  await expectError(alice.request('POST', '/api/v1/chat/send', '{}', { 'Content-Type': 'text/plain' }), 415, 'bad_request');
  await expectError(alice.request('POST', '/api/v1/chat/send', 'x'.repeat(1048577)), 413, 'bad_request');
  await expectError(alice.request('GET', '/api/v1/chat/send'), 405, 'bad_request');
  await expectError(alice.request('GET', '/api/v1/nothing'), 404, 'not_found');
});

test('the largest body arrives whole, with every character', async () => {
  const body = `"\\\u0001 <b>&amp;</b> ${'🜁'.repeat(16000)}`;
  const sent = await alice.send(bob.shortId, body);
  await bob.arrived(body);
  assert.equal((await bob.history()).find((message) => message.event_id === sent.event_id).body, body);
});

test('history pages by lamport, both ways', async () => {
  const first = await alice.send(bob.id, 'page 0');
  for (let i = 1, sent = first; i < 8; i++) {
    sent = await alice.send(bob.id, `page ${i}`);
    await alice.delivered(sent.event_id); // nothing changes any more
  }
  const page = async (query) => alice.get(`/api/v1/chat/history?peer=${bob.id}&${query}`);
  const forward = await page(`since_lamport=${first.lamport - 1}&limit=3`);
  assert.deepEqual(forward.messages.map((message) => message.body), ['page 0', 'page 1', 'page 2']);
  assert.equal(forward.more, true);
  const rest = await page(`since_lamport=${forward.messages.at(-1).lamport}&limit=100`);
  assert.deepEqual(rest.messages.map((message) => message.body).filter((body) => body.startsWith('page')), ['page 3', 'page 4', 'page 5', 'page 6', 'page 7']);
  assert.equal(rest.more, false);
  const newest = await page('before_lamport=9007199254740991&limit=2');
  assert.deepEqual(newest.messages.map((message) => message.body), ['page 6', 'page 7']);
  assert.equal(newest.more, true);
  assert.deepEqual(await page('limit=2'), newest); // with neither, the newest there are
  assert.deepEqual((await page('since_lamport=0&limit=1')).more, true);
  assert.notEqual((await page('since_lamport=0&limit=1')).messages[0].body, 'page 7');
  assert.deepEqual((await page(`since_lamport=${first.lamport - 1}&before_lamport=9007199254740991&limit=2`)).messages.map((message) => message.body), ['page 0', 'page 1']);
  for (const limit of ['0', '1001', '-1', 'x']) await expectError(alice.request('GET', `/api/v1/chat/history?limit=${limit}`), 400, 'bad_request');
  await expectError(alice.request('GET', '/api/v1/chat/history?since_lamport=1.5'), 400, 'bad_request');
});

test('a query parameter that a path does not have is named', async () => {
  for (const [method, target, name] of [['GET', '/api/v1/chat/history?limit=5&since=3', 'since'], ['GET', '/api/v1/node?x', 'x'], ['GET', '/api/v1/chat/search?q=a&lmit=5', 'lmit'], ['GET', '/health?Limit=1', 'Limit'],
    ['GET', `/pubsub/v1/subscribe?topic=chat.message.${alice.id}&since=5&timeout=1`, 'since'], ['POST', '/api/v1/chat/send?dry', 'dry'], ['GET', `/api/v1/members?${'y'.repeat(90)}=`, 'y'.repeat(40)]]) {
    const { status, body } = await alice.request(method, target, method === 'POST' ? {} : undefined);
    assert.deepEqual([status, body], [400, { error: 'bad_request', message: `This path has no query parameter "${name}".` }], target);
  }
});

test('a read receipt covers everything before it, for both sides', async () => {
  const one = await alice.send(bob.id, 'read me 1');
  const two = await alice.send(bob.id, 'read me 2');
  await bob.arrived('read me 2');
  const entry = async () => (await bob.get('/api/v1/chat/conversations')).conversations.find((conversation) => conversation.peer === alice.id);
  assert.ok((await entry()).unread >= 2);
  assert.equal((await entry()).last_message.body, 'read me 2');
  const alone = (await bob.get(`/api/v1/chat/conversations?peer=${alice.id}`)).conversations;
  assert.deepEqual(alone.map(({ peer, unread, last_message }) => [peer, unread, last_message.body]), [[alice.id, (await entry()).unread, 'read me 2']]);
  await new Peer().join(alice);
  const { conversations } = await alice.get('/api/v1/chat/conversations');
  assert.equal(conversations.length, 2);
  for (const { peer, short_id } of conversations) assert.deepEqual((await alice.get(`/api/v1/chat/conversations?peer=${short_id}`)).conversations.map((entry) => entry.peer), [peer]);
  await bob.post('/api/v1/chat/read', { peer: alice.id, event_id: two.event_id });
  assert.equal((await entry()).unread, 0);
  assert.equal((await bob.post('/api/v1/chat/read', { peer: alice.id, event_id: one.event_id })).already, true);
  await alice.event((event) => event.event_type === 'chat.message.read');
  const seen = (await alice.history()).filter((message) => [one.event_id, two.event_id].includes(message.event_id));
  assert.ok(seen.every((message) => message.read_at));
  await expectError(bob.request('POST', '/api/v1/chat/read', { peer: alice.id, event_id: '01HXR000000000000000000000' }), 404, 'not_found');
});

test('search finds own messages, newest first, with a snippet, and only for the owner', async () => {
  const first = await alice.send(bob.id, 'The Käsekuchen at the fair was the best in years, everybody in the street says so, and there is some left for you and for whoever comes by tonight or early tomorrow');
  const second = await alice.send(bob.id, 'bring kasekuchen <b>tomorrow</b>');
  await bob.arrived('bring kasekuchen <b>tomorrow</b>');
  for (const node of [alice, bob]) {
    const { messages, more } = await node.get(`/api/v1/chat/search?q=${encodeURIComponent('käsekuchen')}`);
    assert.deepEqual(messages.map((message) => message.event_id), [second.event_id, first.event_id]);
    assert.equal(more, false);
    assert.deepEqual(messages[0].snippet_parts, ['bring ', 'kasekuchen', ' <b>tomorrow</b>']);
    assert.equal(messages[0].snippet, 'bring kasekuchen <b>tomorrow</b>');
    assert.ok(messages[1].snippet.length < messages[1].body.length);
    assert.deepEqual([messages[0].from, messages[0].to], [alice.id, bob.id]);
  }
  const one = await alice.get('/api/v1/chat/search?q=kasekuchen&limit=1');
  assert.deepEqual([one.messages.length, one.more], [1, true]);
  assert.equal((await alice.get(`/api/v1/chat/search?q=kasekuchen&peer=${bob.shortId}`)).messages.length, 2);
  assert.deepEqual((await alice.get('/api/v1/chat/search?q=%22fair+best%22')).messages, []);
  const fails = (query, status, code) => expectError(alice.request('GET', `/api/v1/chat/search?${query}`), status, code);
  await fails('', 400, 'bad_request');
  await fails('q=', 400, 'bad_request');
  await fails(`q=${'x'.repeat(513)}`, 400, 'bad_request');
  await fails('q=x&limit=0', 400, 'bad_request');
  await fails('q=x&limit=1001', 400, 'bad_request');
  await fails('q=x&limit=many', 400, 'bad_request');
  await fails('q=x&peer=nobody', 400, 'bad_request');
  await fails('q=x&peer=ed25519:AAAA-AAAA-AAAA-AAAA', 404, 'not_found');
});

test('the bus calls the same capabilities', async () => {
  const call = (name, body, headers = {}) => alice.request('POST', '/bus/v1/call', body, { 'X-HearthNet-Capability': name, ...headers });
  const sent = await call('chat.send', { params: {}, input: { recipient: bob.id, body: 'by bus' } });
  assert.equal(sent.status, 200, sent.text);
  assert.equal(typeof sent.body.meta.ms, 'number');
  const history = await call('chat.history', { params: {}, input: { peer: bob.id, limit: 1000 } });
  assert.ok(history.body.output.messages.some((message) => message.event_id === sent.body.output.event_id));
  const { capabilities } = await alice.get('/bus/v1/capabilities');
  assert.ok(capabilities.every((capability) => /^blake3:[0-9a-f]{64}$/.test(capability.schema_hash)));
  await expectError(call('chat.send', { params: {}, input: {} }, { 'X-HearthNet-Capability-Version': '2.0' }), 400, 'schema_mismatch');
});

test('chat.enabled, read_receipts_enabled and store_and_forward are obeyed', async () => {
  const strict = await (await Node.create({ name: 'Strict', config: '[chat]\nstore_and_forward = false\n' })).start();
  const quiet = await (await Node.create({ name: 'Quiet', config: '[chat]\nread_receipts_enabled = false\n' })).start();
  const silent = await (await Node.create({ name: 'Silent', config: '[chat]\nenabled = false\n' })).start();
  await alice.admit(quiet);
  await alice.admit(strict);
  await alice.admit(silent);
  const message = await alice.send(quiet.id, 'psst');
  await quiet.arrived('psst');
  await quiet.post('/api/v1/chat/read', { peer: alice.id, event_id: message.event_id });
  const conversation = (await quiet.get('/api/v1/chat/conversations')).conversations.find((entry) => entry.peer === alice.id);
  assert.equal(conversation.unread, 0);
  await alice.delivered(message.event_id);
  assert.equal((await quiet.history()).find((entry) => entry.event_id === message.event_id).read_at, null);
  await expectError(silent.request('POST', '/api/v1/chat/send', { recipient: alice.id, body: 'x' }), 501, 'not_implemented');
  await quiet.until(async () => (await quiet.get('/api/v1/members')).members.some(({ node_id }) => node_id === strict.id));
  await quiet.send(strict.id, 'so that the two know each other');
  await strict.arrived('so that the two know each other');
  const never = new Peer(); // a member that nobody ever reaches
  await never.join(strict);
  await expectError(strict.request('POST', '/api/v1/chat/send', { recipient: never.id, body: 'x' }), 503, 'partition');
  assert.deepEqual((await strict.history()).filter((entry) => entry.body === 'x'), []);
});

test('a picture to read a QR code from is as large as it says, or refused', async () => {
  const read = (query, bytes = new Uint8Array(50), type = 'application/octet-stream') => alice.request('POST', `/api/v1/qr/read?${query}`, bytes, { 'Content-Type': type });
  await expectError(read('width=10&height=5'), 404, 'not_found'); // fifty black pixels
  for (const query of ['', 'width=50', 'width=10&height=6', 'width=1000&height=1000', 'width=10&height=4', 'width=0&height=50', 'width=-10&height=-5', 'width=5000&height=1', 'width=many&height=5', 'width=4294967306&height=5']) {
    await expectError(read(query), 400, 'bad_request');
  }
  await expectError(read('width=10&height=5', new Uint8Array(0)), 400, 'bad_request');
  assert.equal((await read('width=10&height=5', new Uint8Array(50), 'application/json')).status, 415);
  assert.equal((await read('width=1025&height=1024', new Uint8Array(1025 * 1024))).status, 413);
});
