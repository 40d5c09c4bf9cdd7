import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { BINARY, cleanAll, fs, Node, path, temporaryDirectory } from './support.mjs';

let alice;
let bob;
let carol;
after(cleanAll);
before(async () => {
  alice = await (await Node.create({ name: 'Alice', community: 'Street', signatures: '3' })).start();
  bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
});

const sqlite = (node, sql) => execFileSync('sqlite3', [node.database(), sql]).toString().trim();

test('verify finds nothing wrong, beside a running node', async () => {
  for (const body of ['one', 'two', 'three']) await alice.delivered((await alice.send(bob.id, body)).event_id);
  const log = path.dirname(alice.database());
  const abandoned = path.join(log, 'verify-4194305'); // of a process that no system has any more
  const another = path.join(log, `verify-${process.pid}`);
  for (const place of [abandoned, another]) {
    fs.mkdirSync(place);
    fs.writeFileSync(path.join(place, 'events.sqlite'), '');
  }
  const { code, stdout } = await alice.cli('verify', '--json');
  assert.equal(code, 0);
  const report = JSON.parse(stdout);
  assert.equal(report.whole, true);
  assert.ok(report.events >= 8, stdout);
  assert.deepEqual(fs.readdirSync(log).filter((name) => name.startsWith('verify')), [path.basename(another)]);
});

test('a backup made under load is a data directory that goes on', async () => {
  const sending = Array.from({ length: 50 }, (_, i) => alice.post('/api/v1/chat/send', { recipient: bob.id, body: `load ${i}` }));
  const file = path.join(temporaryDirectory(), 'alice.tar');
  assert.equal((await alice.cli('backup', file)).code, 0);
  await Promise.all(sending);
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const again = await alice.cli('backup', file);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /there already/);
  // The machine burns down; the backup is older than the last messages, and its neighbour has them.
  const events = (await alice.get('/api/v1/node')).events;
  await alice.kill();
  const restored = temporaryDirectory();
  execFileSync('tar', ['-xf', file, '-C', restored]);
  alice.directory = restored;
  await alice.start();
  assert.equal((await alice.get('/api/v1/node')).node_id, alice.id);
  await alice.until(async () => (await alice.get('/api/v1/node')).events >= events);
  // Keys of what was sealed after the backup are gone with the machine: that is here, and waits for them.
  const loads = async (node, other) => (await node.get(`/api/v1/chat/history?peer=${other.id}&limit=1000`)).messages.filter(({ body, e2e }) => body.startsWith('load ') || e2e === 'waiting');
  const all = Array.from({ length: 50 }, (_, i) => `load ${i}`).sort();
  const [ours, theirs] = [await loads(alice, bob), await loads(bob, alice)];
  assert.deepEqual(theirs.map(({ body }) => body).sort(), all);
  assert.deepEqual(ours.map(({ event_id }) => event_id), theirs.map(({ event_id }) => event_id));
  for (const { event_id, body } of ours) assert.ok(body === '' || theirs.some((message) => message.event_id === event_id && message.body === body));
  assert.equal((await alice.cli('verify')).code, 0);
});

test('verify names what is wrong, rebuild mends what follows from the events', async () => {
  await bob.stop();
  sqlite(bob, "UPDATE messages SET body='forged' WHERE seq=(SELECT min(seq) FROM messages)");
  const broken = await bob.cli('verify');
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /DIFFER: messages/);
  assert.match(broken.stderr, /rebuild/);
  assert.equal((await bob.cli('rebuild')).code, 0);
  assert.equal((await bob.cli('verify')).code, 0);
  sqlite(bob, "UPDATE events SET json=replace(json,'\"display_name\":\"Bob\"','\"display_name\":\"Bub\"')");
  const damaged = await bob.cli('verify');
  assert.equal(damaged.code, 1);
  assert.match(damaged.stdout, /DAMAGED/);
  assert.match(damaged.stderr, /backup/);
  sqlite(bob, "UPDATE events SET json=replace(json,'\"display_name\":\"Bub\"','\"display_name\":\"Bob\"')");
  await bob.start();
  const busy = await bob.cli('rebuild');
  assert.equal(busy.code, 1);
  assert.match(busy.stderr, /running|another/);
});

test('export writes every own message as JSON', async () => {
  const file = path.join(temporaryDirectory(), 'messages.json');
  assert.equal((await alice.cli('export', file)).code, 0);
  const { messages, node_id } = JSON.parse(fs.readFileSync(file));
  assert.equal(node_id, alice.id);
  assert.deepEqual(messages, (await alice.get('/api/v1/chat/history?limit=1000')).messages);
  assert.equal(JSON.parse((await alice.cli('export', '-')).stdout).messages.length, messages.length);
  assert.equal((await alice.cli('export', file)).code, 1);
});

test('a backup of a data directory that is named from where one stands holds key and log', async () => {
  const dora = await Node.create({ name: 'Dora', community: 'Elsewhere' });
  const file = path.join(temporaryDirectory(), 'backup.tar');
  execFileSync(BINARY, ['backup', '--data', path.basename(dora.directory), file], { cwd: path.dirname(dora.directory) });
  const names = execFileSync('tar', ['-tf', file]).toString();
  assert.match(names, /^keys\//m);
  assert.match(names, /^communities\/.*events\.sqlite$/m);
});

test('a backup and an export that fail say why and leave no file', async () => {
  const dora = await Node.create({ name: 'Dora', community: 'Elsewhere' });
  const directory = temporaryDirectory();
  const file = path.join(directory, 'out');
  const refused = async (node, command, target, words) => {
    const { code, stderr } = await node.cli(command, target);
    assert.equal(code, 1);
    assert.match(stderr, words);
    assert.deepEqual(fs.readdirSync(directory), []);
  };
  for (const command of ['backup', 'export']) await refused(dora, command, path.join(directory, 'missing', 'out'), /can't be written: No such file or directory\. \(internal_error\)$/m);
  fs.writeFileSync(dora.database(), 'this is no database');
  await refused(dora, 'backup', file, /can't be (copied|opened)/);
  await refused(dora, 'export', file, /damaged/);
  dora.directory = path.join(directory, 'nothing');
  for (const command of ['backup', 'export']) await refused(dora, command, file, /There is no key in .*; run: \S*hearthchat init --data /);
});

test('members rise, fall and are shut out, with the signatures that it takes', async () => {
  carol = await (await Node.create({ name: 'Carol' })).start();
  await alice.admit(carol);
  const refused = async (node, target, body, code, words) => {
    const { status, body: { error, message } } = await node.request('POST', target, body);
    assert.equal(error, code, message);
    assert.match(message, words);
    assert.ok(status >= 400);
  };
  const level = async (node, who) => (await node.get('/api/v1/members')).members.find((member) => member.node_id === who.id)?.level;
  await bob.until(async () => (await level(bob, carol)) === 'member');
  await refused(bob, '/api/v1/revocations', { target_node_id: carol.id, reason: 'other' }, 'unauthorized', /trusted/);
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'trusted' });
  await alice.post('/api/v1/levels', { target_node_id: carol.id, new_level: 'trusted' });
  await refused(alice, '/api/v1/levels', { target_node_id: bob.id, new_level: 'trusted' }, 'bad_request', /already/);
  await bob.until(async () => (await level(bob, carol)) === 'trusted');
  await carol.until(async () => (await level(carol, bob)) === 'trusted');
  await refused(alice, '/api/v1/levels', { target_node_id: bob.id, new_level: 'member' }, 'unauthorized', /takes the word of 2 trusted members, and has that of 1\./);
  const co_signers = await Promise.all([bob, carol].map(async (node) => JSON.parse((await node.cli('co-sign', bob.id, '--level', 'member', '--json')).stdout)));
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'member', co_signers });
  await carol.until(async () => (await level(carol, bob)) === 'member');
  await alice.post('/api/v1/levels', { target_node_id: bob.id, new_level: 'trusted' });
  // Carol's device is stolen. Default policy: three trusted members, Alice, Bob and a fourth.
  const dora = await (await Node.create({ name: 'Dora' })).start();
  await alice.admit(dora);
  await alice.post('/api/v1/levels', { target_node_id: dora.id, new_level: 'trusted' });
  const few = await alice.cli('revoke', carol.id, '--reason', 'compromised');
  assert.equal(few.code, 1);
  assert.match(few.stderr, /takes the word of 3/);
  const signatures = [];
  for (const node of [bob, dora]) signatures.push('--co-signature', (await node.cli('co-sign', carol.id, '--reason', 'compromised')).stdout.trim());
  const done = await alice.cli('revoke', carol.id, '--reason', 'compromised', ...signatures);
  assert.equal(done.code, 0, done.stderr);
  await bob.until(async () => (await level(bob, carol)) === undefined);
  const again = await alice.cli('revoke', carol.id, '--reason', 'compromised', ...signatures);
  assert.match(again.stderr, /not a member/);
  const lonely = await carol.request('POST', '/api/v1/chat/send', { recipient: alice.id, body: 'let me in' });
  assert.ok([200, 401].includes(lonely.status)); // she may not know yet; nobody takes it
  await alice.post('/api/v1/chat/send', { recipient: bob.id, body: 'she is out' });
  await bob.until(async () => (await bob.get(`/api/v1/chat/history?peer=${alice.id}&limit=1000`)).messages.some(({ body }) => body === 'she is out'));
  assert.equal((await alice.get(`/api/v1/chat/history?peer=${carol.id}`)).messages.length, 0);
  assert.equal((await bob.cli('verify')).code, 0);
});
