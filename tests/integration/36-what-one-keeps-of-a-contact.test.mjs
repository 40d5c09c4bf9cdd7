// Nickname, mute, block, pin, clear: of this node alone, in no event; and who is blocked never hears of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { cleanAll, cleanup, fs, Node, once, path, Peer, spawn, Subscriber } from './support.mjs';

let ann;
let ben;
let cem;
after(cleanAll);
before(async () => {
  ann = await (await Node.create({ name: 'Ann', community: 'X', signatures: '1' })).start();
  ben = await (await Node.create({ name: 'Ben' })).start();
  cem = await (await Node.create({ name: 'Cem' })).start();
  for (const node of [ben, cem]) await ann.admit(node);
  for (const node of [ann, ben, cem]) await node.until(async () => (await node.get('/api/v1/members')).members.filter(({ display_name }) => display_name).length === 3);
  for (const [from, to] of [[ann, ben], [ann, cem], [ben, ann], [cem, ann]]) { // they have each other's keys
    await from.until(async () => (await from.get(`/api/v1/chat/conversations?peer=${to.id}`)).conversations[0].e2e);
  }
});

const NOTHING = { nickname: '', muted: false, blocked: false, pinned: false };
const contact = (node, { id }) => node.get(`/api/v1/contacts/${id}`);
const change = (node, { id }, wish) => node.post(`/api/v1/contacts/${id}`, wish);
const clear = (node, { id }) => node.post('/api/v1/chat/clear', { peer: id });
const conversations = async (node, query = '') => (await node.get(`/api/v1/chat/conversations${query}`)).conversations;
const alone = async (node, { id }) => (await conversations(node, `?peer=${id}`))[0];
const bodies = async (node, { id }) => (await node.history(`peer=${id}`)).map(({ body }) => body);
const found = async (node, text) => (await node.get(`/api/v1/chat/search?q=${text}`)).messages.length;
const fingerprint = async (node) => (await node.get('/api/v1/node')).fingerprint;
const ask = (node, sql) => execFileSync('sqlite3', [node.database(), sql]).toString().trim();
const isDelivered = async (node, { event_id }, { id }) => (await node.history(`peer=${id}`)).find((message) => message.event_id === event_id).delivered_at !== null;

async function refuses(call, status, code, words) {
  const { status: was, body, text } = await call;
  assert.deepEqual([was, body?.error], [status, code], text);
  assert.match(body.message, words);
}

/** Until all of them have what the others have. */
const agree = (...nodes) => nodes[0].until(async () => new Set(await Promise.all(nodes.map(fingerprint))).size === 1);

test('what is kept of somebody is kept, told in every list, and in no event', async () => {
  const { events } = await ann.get('/api/v1/node');
  assert.deepEqual(await contact(ann, ben), NOTHING);
  assert.deepEqual(await change(ann, ben, { nickname: '  Benny ' }), { ...NOTHING, nickname: 'Benny' });
  assert.deepEqual(await change(ann, { id: ben.shortId }, { muted: true, pinned: true }), { nickname: 'Benny', muted: true, blocked: false, pinned: true });
  assert.deepEqual(await change(ann, cem, { muted: true }), { ...NOTHING, muted: true });
  await ann.stop();
  await ann.start();
  const kept = { nickname: 'Benny', muted: true, blocked: false, pinned: true };
  assert.deepEqual(await contact(ann, ben), kept);
  for (const entry of [await alone(ann, ben), (await conversations(ann))[0], (await ann.get('/api/v1/members')).members.find(({ node_id }) => node_id === ben.id)]) {
    assert.deepEqual([entry.node_id, entry.display_name], [ben.id, 'Ben']);
    assert.deepEqual(Object.fromEntries(Object.keys(kept).map((name) => [name, entry[name]])), kept);
  }
  assert.deepEqual(await change(ann, ben, { nickname: '', muted: false, pinned: false }), NOTHING);
  assert.deepEqual(await contact(ben, ann), NOTHING);
  assert.equal((await ann.get('/api/v1/node')).events, events);
});

test('pinned conversations come first, whatever their NodeIDs', async () => {
  for (const first of [ben, cem]) {
    await change(ann, first, { pinned: true });
    assert.deepEqual((await conversations(ann)).map(({ peer, pinned }) => [peer, pinned]), [[first.id, true], [first === ben ? cem.id : ben.id, false]]);
    await change(ann, first, { pinned: false });
  }
});

test('who goes by a name like a nickname of another one is told apart', async () => {
  await change(ann, ben, { nickname: 'Cem' });
  const namesakes = async () => Promise.all([ben, cem].map(async (who) => (await alone(ann, who)).namesake));
  assert.deepEqual(await namesakes(), [null, 'same']);
  await change(ann, ben, { nickname: 'С\u0435m' }); // in other letters
  assert.deepEqual(await namesakes(), [null, 'alike']);
  await change(ann, cem, { nickname: 'Cemile' });
  assert.deepEqual(await namesakes(), [null, null]);
  await change(ann, ben, { nickname: '' });
  await change(ann, cem, { nickname: '' });
});

test('what is malformed, and what is nobody’s, is refused in a sentence', async () => {
  const stranger = new Peer();
  const post = (who, wish) => ann.request('POST', `/api/v1/contacts/${who.id}`, wish);
  for (const wish of [{}, { muted: 'yes' }, { muted: true, more: 1 }, { blocked: null }, []]) await refuses(post(ben, wish), 400, 'bad_request', /Expected some of/);
  for (const nickname of [7, null, ' ', 'two\nlines', 'é'.repeat(33), '\u202eneB']) await refuses(post(ben, { nickname }), 400, 'bad_request', /at most 64 bytes/);
  assert.equal((await change(ann, ben, { nickname: 'é'.repeat(32) })).nickname.length, 32);
  assert.deepEqual(await change(ann, ben, { nickname: '' }), NOTHING);
  await refuses(post(ann, { muted: true }), 400, 'bad_request', /this node itself/);
  await refuses(post(stranger, { muted: true }), 404, 'not_found', /not a member/);
  await refuses(post({ id: 'ed25519:AAAA-AAAA-AAAA-AAAA' }, { muted: true }), 404, 'not_found', /No member has this short id/);
  await refuses(ann.request('POST', '/api/v1/chat/clear', {}), 400, 'bad_request', /Expected/);
  await refuses(ann.request('POST', '/api/v1/chat/clear', { peer: ann.id }), 400, 'bad_request', /this node itself/);
  await refuses(ann.request('GET', '/api/v1/chat/conversations?blocked=maybe'), 400, 'bad_request', /true or false/);
  assert.deepEqual(await clear(ann, stranger), { messages: 0 });
});

test('x6: who is blocked is not heard and not answered, then or later, and the log is the same everywhere', async () => {
  const before = await ben.send(ann.id, 'before');
  await ben.delivered(before.event_id);
  await change(ann, ben, { blocked: true });
  assert.deepEqual((await conversations(ann)).map(({ peer }) => peer), [cem.id]);
  assert.deepEqual((await conversations(ann, '?blocked=true')).map(({ peer, blocked, unread }) => [peer, blocked, unread]), [[cem.id, false, 0], [ben.id, true, 0]]);
  assert.equal((await alone(ann, ben)).blocked, true);
  assert.equal(await found(ann, 'before'), 0);
  assert.deepEqual(await ann.get(`/api/v1/chat/messages?id=${before.event_id}`), { messages: [] });
  const subscriber = new Subscriber(ann);
  await subscriber.ready();
  const { seq } = await ann.get('/api/v1/node');
  const meanwhile = await ben.send(ann.id, 'meanwhile');
  await agree(ann, ben, cem); // Cem's node has it, too
  const third = await cem.send(ann.id, 'from a third');
  await subscriber.until(({ data }) => data?.event_id === third.event_id);
  assert.ok(!subscriber.published().some(({ data }) => data.author === ben.id));
  const late = new Subscriber(ann, { since: seq }); // and who comes later is told no more
  await late.until(({ data }) => data?.event_id === third.event_id);
  assert.ok(!late.published().some(({ data }) => data.author === ben.id));
  for (const each of [subscriber, late]) each.close();
  const poll = await (await fetch(`${ann.ui}/pubsub/v1/subscribe?topic=chat.message.${ann.id}&last_seq=${seq}&timeout=0`)).json();
  assert.ok(poll.messages.some(({ data }) => data.event_id === third.event_id));
  assert.ok(!poll.messages.some(({ data }) => data.author === ben.id));

  await change(ann, ben, { blocked: false });
  await ann.stop();
  await ann.start();
  const after = await ben.send(ann.id, 'after');
  await ben.delivered(after.event_id);
  assert.deepEqual(await bodies(ann, ben), ['before', 'after']);
  assert.equal(await isDelivered(ben, before, ann), true);
  assert.equal(await isDelivered(ben, meanwhile, ann), false);
  await ann.post('/api/v1/chat/read', { peer: ben.id, event_id: after.event_id });
  await agree(ann, ben, cem);
  assert.deepEqual((await ben.history(`peer=${ann.id}`)).map(({ body, read_at }) => [body, read_at !== null]), [['before', true], ['meanwhile', false], ['after', true]]);
  assert.equal((await ann.cli('verify')).code, 0);
});

test('to who is blocked nothing is sent; it says what to do', async () => {
  const { event_id } = await ann.send(ben.id, 'hello', 'once');
  await ann.delivered(event_id);
  await agree(ann, ben, cem);
  await change(ann, ben, { blocked: true });
  const head = async () => (await ann.get('/api/v1/node')).events;
  const events = await head();
  await refuses(ann.request('POST', '/api/v1/chat/send', { recipient: ben.id, body: 'hello' }), 400, 'bad_request', /blocked this member.*Unblock/);
  await refuses(ann.request('POST', '/api/v1/chat/edit', { peer: ben.id, event_id, body: 'hi' }), 400, 'bad_request', /Unblock/);
  await refuses(ann.request('POST', '/api/v1/chat/react', { peer: ben.id, event_id, emoji: '+' }), 400, 'bad_request', /Unblock/);
  await refuses(ann.request('POST', '/api/v1/chat/restore', { peer: ben.id }), 400, 'bad_request', /Unblock/);
  assert.equal((await ann.send(ben.id, 'hello', 'once')).event_id, event_id); // a repeat is what it was
  assert.equal(await head(), events);
  await change(ann, ben, { blocked: false });
  await ann.send(ben.id, 'hello again');
});

test('a conversation that is cleared is gone here, after a restart and a rebuild too, and nowhere else', async () => {
  await agree(ann, ben, cem);
  const theirs = await bodies(ben, ann);
  const shown = await bodies(ann, ben);
  const cemsBefore = await bodies(ann, cem);
  const { seq } = await ann.get('/api/v1/node');
  const last = await ben.send(ann.id, 'the last of it');
  await ann.arrived('the last of it');
  assert.deepEqual(await clear(ann, ben), { messages: shown.length + 1 });
  const check = async () => {
    assert.deepEqual(await bodies(ann, ben), []);
    assert.deepEqual(await bodies(ann, cem), cemsBefore);
    const entry = await alone(ann, ben);
    assert.deepEqual([entry.last_message, entry.unread, entry.first_unread], [null, 0, null]);
    assert.equal(await found(ann, 'hello'), 0);
    assert.deepEqual(await ann.get(`/api/v1/chat/messages?id=${last.event_id}`), { messages: [] });
    assert.deepEqual(await ann.get(`/api/v1/chat/messages?peer=${ben.id}&id=${last.event_id}`), { messages: [] });
  };
  await check();
  const poll = await (await fetch(`${ann.ui}/pubsub/v1/subscribe?topic=chat.message.${ann.id}&last_seq=${seq}&timeout=0`)).json(); // who comes later is told no more
  assert.ok(!poll.messages?.some(({ opened }) => opened?.body === 'the last of it'));
  assert.equal((await ann.send(ben.id, 'hello', 'once')).event_id.length, 26); // it was sent once
  await check();
  await ann.stop();
  const rebuilt = await ann.cli('rebuild');
  assert.equal(rebuilt.code, 0, rebuilt.stderr);
  await ann.start();
  await check();
  const late = new Subscriber(ann, { since: seq });
  await late.ready();
  cemsBefore.push('still there');
  const { event_id } = await cem.send(ann.id, 'still there');
  await late.until(({ data }) => data?.event_id === event_id);
  assert.ok(!late.published().some(({ opened }) => opened?.body === 'the last of it'));
  late.close();
  assert.deepEqual(await bodies(ben, ann), [...theirs, 'the last of it']);
  assert.equal((await ann.cli('verify')).code, 0);
  await ben.send(ann.id, 'anew');
  await ann.arrived('anew');
  assert.deepEqual(await bodies(ann, ben), ['anew']);
});

test('clearing goes on after kill -9; what is written meanwhile does not wait, and stays', { timeout: 120000 }, async () => {
  const written = 600;
  for (let i = 0; i < written; i += 20) await Promise.all(Array.from({ length: 20 }, (_, k) => cem.send(ann.id, `walnut ${i + k}`)));
  await agree(ann, cem);
  const total = (await bodies(ann, cem)).length;
  assert.deepEqual(await clear(ann, cem), { messages: total });
  await ann.kill();
  await ann.start();
  assert.deepEqual(await bodies(ann, cem), []);
  await ann.send(cem.id, 'meanwhile');
  assert.deepEqual(await bodies(ann, cem), ['meanwhile']);
  assert.equal(await found(ann, 'walnut'), 0);
  const left = () => Number(ask(ann, "SELECT count(*) FROM messages WHERE body LIKE 'walnut%'"));
  await ann.until(async () => left() === 0 && ask(ann, 'SELECT min(done) FROM clearings') === '1');
  assert.equal((await ann.cli('verify')).code, 0);
  assert.deepEqual(await bodies(ann, cem), ['meanwhile']);
});

test('a secret that is deleted is nowhere on the disk when the node was killed before its journal ended, and is started again', async () => {
  const directory = path.dirname(ann.database());
  const holds = (bytes) => fs.readdirSync(directory).filter((name) => fs.readFileSync(path.join(directory, name)).includes(bytes));
  const reader = spawn('sqlite3', [ann.database()], { stdio: ['pipe', 'pipe', 'inherit'] });
  cleanup(() => reader.kill('SIGKILL'));
  reader.stdin.write("BEGIN; SELECT 'reads' FROM events LIMIT 1;\n"); // as long as it does, no journal ends
  assert.match((await once(reader.stdout, 'data')).toString(), /reads/);
  for (const [from, to] of [[ann, ben], [ben, ann], [ann, ben]]) await from.delivered((await from.send(to.id, 'to and fro')).event_id);
  const secret = Buffer.from(ask(ann, `SELECT hex(r.secret) FROM receiving_keys r JOIN messages m ON m.author=r.peer WHERE r.used>0 AND m.body='to and fro' ORDER BY r.since DESC LIMIT 1`), 'hex');
  assert.equal(secret.length, 32);
  await ben.delivered((await ben.send(ann.id, 'to a newer one')).event_id);
  await ann.stop();
  await ann.start(); // the first thing that it does is to look for what may go
  await ann.until(() => ask(ann, `SELECT count(*) FROM receiving_keys WHERE secret=x'${secret.toString('hex')}'`) === '0');
  await ann.kill();
  reader.kill('SIGKILL');
  await once(reader, 'exit');
  assert.notDeepEqual(holds(secret), []); // else this would say nothing
  await ann.start();
  assert.deepEqual(holds(secret), []);
});

test('by the command line: a nickname is who one means, and clearing is confirmed', async () => {
  const run = async (...args) => {
    const { code, stdout, stderr } = await ann.cli(...args);
    return [code, stdout + stderr];
  };
  assert.deepEqual(await run('contact', 'Ben'), [0, 'Ben: nothing is kept.\n']);
  assert.deepEqual(await run('contact', 'Ben', '--nickname', 'Uncle', '--mute', 'on'), [0, 'Ben: nickname Uncle, muted.\n']);
  assert.deepEqual(await run('contact', 'Uncle', '--pin', 'on', '--mute', 'off'), [0, 'Uncle: nickname Uncle, pinned.\n']);
  assert.deepEqual(JSON.parse((await ann.cli('contact', 'Ben', '--json')).stdout), { nickname: 'Uncle', muted: false, blocked: false, pinned: true });
  await ben.send(ann.id, 'how are you');
  await ann.arrived('how are you');
  assert.match((await run('history', 'Uncle'))[1], /Uncle → Ann: how are you/);
  assert.match((await run('members'))[1], /Ben \(Uncle\)\n/);
  assert.deepEqual((await run('contact', 'Ben', '--block', 'perhaps'))[0], 2);
  assert.match((await run('contact', 'Ben', '--nickname', 'n'.repeat(65)))[1], /at most 64 bytes.*\(bad_request\)/);
  assert.deepEqual(await run('contact', 'Uncle', '--block', 'on'), [0, 'Uncle: nickname Uncle, blocked, pinned.\n']);
  assert.match((await run('send', 'Uncle', 'hello'))[1], /Unblock them first: .*contact --data .* WHO --block off \(bad_request\)/);
  assert.doesNotMatch((await run('history'))[1], /Uncle/);
  assert.match((await run('members'))[1], /Ben \(Uncle\) {2}blocked\n/);
  await run('contact', 'Uncle', '--block', 'off');
  assert.match((await run('clear', 'Uncle'))[1], /Nothing was deleted: say that you mean it with --yes/);
  assert.match((await run('history', 'Uncle'))[1], /how are you/);
  assert.match((await run('clear', 'Uncle', '--yes'))[1], /^Deleted here: \d+ messages?\.\n$/);
  assert.deepEqual(await run('history', 'Uncle'), [0, '']);
  assert.deepEqual(await run('contact', 'Uncle', '--nickname', '', '--pin', 'off'), [0, 'Uncle: nothing is kept.\n']);
});

test('a list longer than what is sent at once is whole, each entry as it is alone', async () => {
  await change(ann, ben, { blocked: false });
  const sent = [ben, cem].map(({ id }) => ann.send(id, 'long '.repeat(8000)));
  await Promise.all(sent);
  await change(ann, cem, { pinned: true });
  const listed = await conversations(ann);
  assert.deepEqual(listed.map(({ peer, last_message }) => [peer, last_message.body.length]), [[cem.id, 40000], [ben.id, 40000]]);
  for (const entry of listed) {
    const { online, last_seen, last_message, ...kept } = entry;
    const { online: there, last_seen: when, last_message: last, ...same } = await alone(ann, { id: entry.peer });
    assert.deepEqual([kept, last_message.event_id], [same, last.event_id]);
    assert.deepEqual(Object.keys(entry), Object.keys(entry).sort());
  }
  await change(ann, cem, { pinned: false });
});
