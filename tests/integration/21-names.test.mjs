import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanName, nameOf as shownName } from '../../web/text.js';
import { cleanAll, cli, fs, freePort, Node, path, temporaryDirectory } from './support.mjs';

after(cleanAll);

const members = async (node) => (await node.get('/api/v1/members')).members;
const nameOf = async (node, id) => (await members(node)).find(({ node_id }) => node_id === id)?.display_name;
const rename = (node, display_name) => node.request('POST', '/api/v1/node', { display_name });

async function neighbours() {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  return [alice, bob];
}

test('a name changes while the node runs, for everybody, and stays over a restart', async () => {
  const [alice, bob] = await neighbours();
  const renamed = await bob.cli('name', ' Robert  Müller ');
  assert.deepEqual([renamed.code, renamed.stdout], [0, 'You are Robert  Müller now.\n'], renamed.stderr);
  await alice.until(async () => await nameOf(alice, bob.id) === 'Robert  Müller');
  await bob.until(async () => await nameOf(bob, bob.id) === 'Robert  Müller');
  assert.equal((await bob.get('/api/v1/node')).display_name, 'Robert  Müller');
  await bob.stop();
  await bob.start();
  assert.equal((await bob.get('/api/v1/node')).display_name, 'Robert  Müller');
  assert.match(fs.readFileSync(path.join(bob.directory, 'hearthchat.ini'), 'utf8'), /^display_name = Robert {2}Müller$/m);
});

test('a name that was changed in the file while the node was off is told, too', async () => {
  const [alice, bob] = await neighbours();
  await bob.stop();
  const file = path.join(bob.directory, 'hearthchat.ini');
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('Bob', 'Robert'));
  await bob.start();
  await alice.until(async () => await nameOf(alice, bob.id) === 'Robert');
});

test('what is no name says so, and changes nothing', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  for (const name of ['', '   ', '\u200b', '\u2800', '\ufe0f', 'x'.repeat(65), 'a\nb', 'a\u0007', 'gpj.\u202eexe', '\u2066Jana\u2069', 7, null]) {
    const { status, body } = await rename(alice, name);
    assert.deepEqual([status, body?.error], [400, 'bad_request'], JSON.stringify(name));
    assert.ok(body.message.length > 20);
  }
  assert.equal((await alice.request('POST', '/api/v1/node', { display_name: 'Ann', age: 7 })).status, 400);
  const semicolon = await rename(alice, 'a ;b');
  assert.match(semicolon.body.message, /semicolon/);
  assert.equal((await alice.get('/api/v1/node')).display_name, 'Alice');
  await alice.post('/api/v1/node', { display_name: 'x'.repeat(64) });
});

test('a name of which nothing can be seen is none in the tab', () => {
  for (const name of ['', ' \u2800 ', '\ufe0f', '\u3164\u{e0100}', '\u0301\u20dd', '\u200b\u202e']) assert.equal(shownName({ display_name: name, short_id: 'ed25519:ABCD', namesake: null }), 'ABCD', JSON.stringify(name));
  for (const [name, shown] of [['\u2764\ufe0f', '\u2764\ufe0f'], ['Jana\u2800 M\u2800', 'Jana M'], ['Ja\u2060n\u3164a', 'Jana'], ['Zoe\u0308', 'Zoe\u0308']]) assert.equal(cleanName(name), shown);
});

test('a thousand names a minute are few events', async () => {
  const [alice, bob] = await neighbours();
  const { events } = await alice.get('/api/v1/node');
  for (let i = 0; i < 100; i++) await Promise.all(Array.from({ length: 10 }, (_, j) => bob.post('/api/v1/node', { display_name: `Bob ${i}-${j}` })));
  await bob.post('/api/v1/node', { display_name: 'Bob' });
  await bob.send(alice.id, 'all of it');
  await alice.arrived('all of it');
  const count = (await alice.get('/api/v1/node')).events - events;
  assert.ok(count <= 10, `${count} events`); // the message, its receipts, five names
});

test('names that are one, or look like one, are told apart', async () => {
  const [alice, bob] = await neighbours();
  const namesakes = async () => Object.fromEntries((await members(alice)).map(({ node_id, namesake }) => [node_id, namesake]));
  const seen = async (name, namesake) => {
    await bob.post('/api/v1/node', { display_name: name });
    await alice.until(async () => await nameOf(alice, bob.id) === name.normalize('NFC'));
    assert.deepEqual(await namesakes(), { [alice.id]: namesake, [bob.id]: namesake }, name);
  };
  assert.deepEqual(await namesakes(), { [alice.id]: null, [bob.id]: null });
  await alice.post('/api/v1/node', { display_name: 'Zo\u00eb' });
  await bob.until(async () => await nameOf(bob, alice.id) === 'Zo\u00eb');
  await seen('Zoe\u0308', 'same');
  await seen('zo\u00eb', 'same');
  await seen('Z\u043e\u00eb', 'alike');
  await seen('Zoe', null);
});

test('init adds what is missing, and found begins a community', async () => {
  const directory = path.join(temporaryDirectory(), 'data');
  const first = await cli('init', '--data', directory);
  const second = await cli('init', '--data', directory, '--name', 'Jana');
  assert.deepEqual([first.code, second.code, second.stdout], [0, 0, first.stdout], second.stderr);
  const node = new Node(directory, await freePort());
  await node.start();
  assert.equal((await node.get('/api/v1/node')).display_name, 'Jana');
  const founded = await node.cli('found', 'Street');
  assert.equal(founded.code, 0, founded.stderr);
  assert.match(founded.stdout, /^Founded Street\.\n/);
  const again = await node.cli('found', 'Street');
  assert.equal(again.code, 1);
  await node.stop();
  const other = await cli('init', '--data', directory, '--community', 'Road', '--name', 'Other');
  assert.equal(other.code, 1);
  assert.match(other.stderr, /belongs to a community already/);
  await node.start();
  const { display_name, community_name } = await node.get('/api/v1/node');
  assert.deepEqual([display_name, community_name], ['Jana', 'Street']);
});

test('names are taken wherever the command line takes a member, however their marks are put together', async () => {
  const [alice, bob] = await neighbours();
  const zoe = await (await Node.create({ name: 'Zo\u00eb' })).start();
  await alice.admit(zoe);
  await alice.until(async () => await nameOf(alice, zoe.id) === 'Zo\u00eb' && await nameOf(alice, bob.id) === 'Bob');
  const levelOf = async (id) => (await members(alice)).find(({ node_id }) => node_id === id)?.level;
  const does = async (node, ...args) => {
    const { code, stdout, stderr } = await node.cli(...args);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  const decomposed = 'Zo\u0065\u0308';
  assert.equal(await does(alice, 'level', decomposed, 'trusted'), `${zoe.id}: trusted.`);
  assert.equal(await levelOf(zoe.id), 'trusted');
  await zoe.until(async () => (await members(zoe)).find(({ node_id }) => node_id === zoe.id).level === 'trusted' && await nameOf(zoe, bob.id) === 'Bob');
  assert.match((await alice.cli('level', 'zo\u00eb', 'member')).stderr, /No member is called zo\u00eb; did you mean Zo\u00eb\? \(not_found\)/);
  assert.match((await alice.cli('level', decomposed, 'boss')).stderr, /new_level is member, trusted or anchor/);
  const agreed = await does(zoe, 'co-sign', 'Bob', '--reason', 'other');
  assert.equal(agreed, await does(zoe, 'co-sign', bob.id, '--reason', 'other'), 'by name or by NodeID, it is one signature');
  assert.deepEqual(Object.keys(JSON.parse(await does(zoe, 'co-sign', bob.shortId, '--level', 'trusted', '--json'))).sort(), ['node_id', 'signature']);
  assert.equal(await does(alice, 'revoke', 'Bob', '--reason', 'other', '--co-signature', agreed), `${bob.id}: shut out.`);
  assert.equal(await levelOf(bob.id), undefined);
});
