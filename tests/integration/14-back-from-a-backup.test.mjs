import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import { cleanAll, cleanup, fs, neighbours, Node, once, path, Peer, spawn, temporaryDirectory } from './support.mjs';

after(cleanAll);

const sqlite = (file, sql) => execFileSync('sqlite3', ['-json', file, sql]).toString();

/** Sends and waits for the answer; the message's event id. */
async function say(from, to, body) {
  const { event_id } = await from.send(to.id, body, body);
  await from.delivered(event_id);
  return event_id;
}

async function backUp(node) {
  const file = path.join(temporaryDirectory(), 'backup.tar');
  assert.equal((await node.cli('backup', file)).code, 0);
  return file;
}

/** The machine burns down, and what the backup holds is all that there is. */
async function restore(node, backup) {
  await node.stop();
  node.directory = temporaryDirectory();
  execFileSync('tar', ['-xf', backup, '-C', node.directory]);
}

const described = (node) => node.get('/api/v1/node');
const converge = (one, other) => one.until(async () => (await described(one)).fingerprint === (await described(other)).fingerprint);

/** Without what is known by keys that are on no backup. */
const withoutTexts = ({ messages }) => messages.map(({ body: _body, e2e: _e2e, ...rest }) => rest);

/** How many events that say "delivered" each message has in this node's log, by its event id. */
function answers(node) {
  const rows = sqlite(node.database(), "SELECT json_extract(json,'$.data.target_event_id') AS target, count(*) AS answers FROM events"
    + " WHERE json_extract(json,'$.event_type')='chat.message.delivered' GROUP BY 1");
  return new Map(JSON.parse(rows || '[]').map(({ target, answers: count }) => [target, count]));
}

test('a node that is back from a backup gets the rest, and doubles and loses nothing', async () => {
  const [alice, bob] = await neighbours();
  const said = [await say(alice, bob, 'before'), await say(bob, alice, 'heard')];
  const backup = await backUp(alice);
  for (let i = 0; i < 20; i++) {
    said.push(await say(alice, bob, `after ${i}`));
    said.push(await say(bob, alice, `answer ${i}`));
  }
  await alice.post('/api/v1/chat/read', { peer: bob.id, event_id: said.at(-1) });
  await converge(alice, bob);
  const before = await alice.get('/api/v1/chat/history?limit=1000');
  assert.equal((await described(alice)).set_back_at, null);
  await restore(alice, backup);
  await alice.start();
  await converge(alice, bob);
  const after = await alice.get('/api/v1/chat/history?limit=1000');
  assert.deepEqual(withoutTexts(after), withoutTexts(before));
  assert.deepEqual(after.messages.slice(0, 2), before.messages.slice(0, 2));
  for (const [i, { body, e2e }] of after.messages.entries()) assert.ok(body === before.messages[i].body || e2e === 'waiting');
  // A new message each way shows that whatever waited has been worked off.
  said.push(await say(bob, alice, 'you are back'), await say(alice, bob, 'I am'));
  await converge(alice, bob);
  for (const node of [alice, bob]) {
    assert.deepEqual((await node.history()).map(({ event_id }) => event_id), said);
    assert.deepEqual(answers(node), new Map(said.map((id) => [id, 1])));
  }
  assert.match((await described(alice)).set_back_at, /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual([(await described(alice)).other_copy_at, (await described(bob)).set_back_at], [null, null]);
  assert.match((await alice.cli('status')).stdout, /^set back +this device went on from an older state, .*others can send again$/m);
  const [finding] = JSON.parse((await alice.cli('doctor', '--json')).stdout).checks.filter(({ check }) => check === 'set_back');
  assert.deepEqual([finding.state, /send it again/.test(finding.remedy)], ['notice', true]);
  // What was sent since the backup can be sent again, and is not.
  const again = await alice.send(bob.id, 'after 7', 'after 7');
  assert.equal(again.event_id, said[2 + 2 * 7]);
  assert.deepEqual((await alice.history()).map(({ event_id }) => event_id), said);
  const other = await alice.request('POST', '/api/v1/chat/send', { recipient: bob.id, body: 'something else', client_id: 'before' });
  assert.equal(other.status, 400);
  assert.match(other.body.message, /client_id was used for another message/);
  assert.equal((await alice.cli('verify')).code, 0);
});

test('a message that comes again before its own old answer is answered by that one alone', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const peer = new Peer();
  await peer.join(alice);
  const backup = await backUp(alice);
  const { head } = await described(alice);
  const messages = [1, 2, 3].map((i) => peer.event(peer.community, head + i, 'chat.message.sent', { client_id: `m${i}`, recipient: alice.id, body: `knock ${i}`, attachments: [] }));
  await peer.push(alice, ...messages);
  const delivered = () => JSON.parse(sqlite(alice.database(), "SELECT json FROM events WHERE json_extract(json,'$.event_type')='chat.message.delivered'") || '[]').map(({ json }) => ({ ...JSON.parse(json), community_id: peer.community }));
  const old = delivered();
  assert.equal(old.length, 3);
  await restore(alice, backup);
  await alice.start();
  const { events } = await described(alice);
  await peer.push(alice, ...messages);
  assert.equal((await described(alice)).events, events + 3); // none of them answered
  await peer.push(alice, ...old);
  assert.equal((await described(alice)).events, events + 6);
  assert.deepEqual(answers(alice), new Map(messages.map(({ event_id }) => [event_id, 1])));
  assert.deepEqual(delivered(), old);
});

test('what is sent again before the rest is there is shown once, on both nodes', async () => {
  const [alice, bob] = await neighbours();
  await say(alice, bob, 'before');
  const backup = await backUp(alice);
  const first = await say(alice, bob, 'the key is under the mat');
  await bob.stop();
  await restore(alice, backup);
  await alice.start();
  const { event_id: second } = await alice.send(bob.id, 'the key is under the mat', 'the key is under the mat');
  assert.notEqual(second, first); // nobody here knows of the first
  await bob.start();
  await converge(alice, bob);
  const [, ...shown] = await alice.history();
  assert.equal(shown.length, 1);
  assert.ok([first, second].includes(shown[0].event_id));
  assert.deepEqual((await bob.history()).map(({ body }) => body), ['before', 'the key is under the mat']);
  assert.equal((await bob.history())[1].event_id, shown[0].event_id);
  const again = await alice.send(bob.id, 'the key is under the mat', 'the key is under the mat');
  assert.equal(again.event_id, shown[0].event_id);
  await converge(alice, bob);
  for (const [, count] of answers(bob)) assert.equal(count, 1);
});

/** A node's log as an older hearthchat wrote it. */
async function ofOlderVersion() {
  const node = await Node.create({ name: 'Old', community: 'Street' });
  const file = node.database();
  for (const name of [file, `${file}-wal`, `${file}-shm`]) fs.rmSync(name, { force: true });
  execFileSync('sqlite3', [file], { input: fs.readFileSync(fileURLToPath(new URL('../fixtures/log-of-schema-3.sql', import.meta.url))) });
  execFileSync('sqlite3', [file, 'PRAGMA journal_mode=WAL']);
  return node;
}

async function refusesToExport(node) {
  const target = path.join(temporaryDirectory(), 'out.json');
  for (const file of [target, '-']) {
    const { code, stdout, stderr } = await node.cli('export', file);
    assert.equal(code, 1);
    assert.match(stderr, /older hearthchat's.* start the node with this program once/);
    assert.equal(stdout, '');
  }
  assert.equal(fs.existsSync(target), false);
}

test('export leaves the log of an older version as it is, and says what to do', async () => {
  const node = await ofOlderVersion();
  const before = fs.readFileSync(node.database());
  await refusesToExport(node);
  assert.ok(fs.readFileSync(node.database()).equals(before));
});

test('export beside a running node of an older version leaves it able to go on', async () => {
  const node = await ofOlderVersion();
  const older = spawn('sqlite3', [node.database()], { stdio: ['pipe', 'pipe', 'inherit'] });
  cleanup(() => older.kill());
  const lines = createInterface(older.stdout);
  const ask = async (sql) => {
    older.stdin.write(`${sql}\n`);
    return (await once(lines, 'line'))[0];
  };
  const write = (seq) => ask(`INSERT INTO messages SELECT ${seq},'01HXR0000000000000000009${seq}',${seq},peer,0,'c${seq}','b','[]','2027-01-15T08:00:08Z','' FROM messages LIMIT 1;`
    + ` INSERT OR REPLACE INTO heads VALUES(33,${seq}); SELECT count(*) FROM messages;`);
  const count = Number(await write(98));
  const files = [node.database(), `${node.database()}-wal`];
  const before = files.map((file) => fs.readFileSync(file));
  await refusesToExport(node);
  files.forEach((file, index) => assert.ok(fs.readFileSync(file).equals(before[index]), file));
  assert.equal(Number(await write(99)), count + 1);
  assert.equal(await ask('PRAGMA user_version;'), '3');
  older.stdin.end();
  await once(older, 'exit');
});

test('verify of an empty file says that it is empty, and what to do, wherever it lies', async () => {
  const node = await Node.create({ name: 'Alice', community: 'Street' });
  const far = path.join(temporaryDirectory(), 'a'.repeat(120), 'data');
  fs.mkdirSync(path.dirname(far));
  fs.cpSync(node.directory, far, { recursive: true });
  for (const directory of [node.directory, far]) {
    node.directory = directory;
    fs.writeFileSync(node.database(), '');
    const { code, stdout, stderr } = await node.cli('verify');
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /The event log is empty\. Stop the node and run: \S*hearthchat repair --data /);
    assert.equal(fs.statSync(node.database()).size, 0);
  }
});
