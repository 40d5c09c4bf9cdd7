import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { canonical, cleanAll, cli, fs, http, neighbours, net, Node, once, path, Peer, temporaryDirectory, ulid, wallClock } from './support.mjs';

after(cleanAll);

test('acknowledged sends survive kill -9 under 64-way load', async () => {
  const [alice, bob] = await neighbours();
  await bob.stop();
  const acknowledged = new Map();
  for (let round = 0; round < 5; round++) {
    let killing = null;
    await Promise.all(Array.from({ length: 64 }, async (_, writer) => {
      for (let i = 0; !killing; i++) {
        const body = `${round}/${writer}/${i}`;
        const answer = await alice.trySend(bob.id, body);
        if (answer) acknowledged.set(answer.event_id, body);
        if (acknowledged.size > (round + 1) * 300) killing ??= alice.kill();
      }
    }));
    await killing;
    await alice.start();
    const stored = new Map();
    for (let since = 0, more = true; more;) {
      const page = await alice.get(`/api/v1/chat/history?limit=1000&since_lamport=${since}`);
      for (const message of page.messages) stored.set(message.event_id, message.body);
      since = page.messages.at(-1).lamport;
      more = page.more;
    }
    for (const [id, body] of acknowledged) assert.equal(stored.get(id), body);
    assert.equal(new Set(stored.values()).size, stored.size); // every client_id once
  }
});

test('a clean stop under 64-way load loses nothing that was acknowledged and exits 0', async () => {
  const [alice, bob] = await neighbours();
  await bob.stop();
  const acknowledged = new Set();
  for (let round = 1; round <= 5; round++) {
    let stopping = null;
    await Promise.all(Array.from({ length: 64 }, async () => {
      for (let answer = true; answer;) { // on, over connections that are kept, until nobody answers
        answer = await alice.request('POST', '/api/v1/chat/send', { recipient: bob.id, body: 'x' }).catch(() => null);
        if (answer?.status === 200) acknowledged.add(answer.body.output.event_id);
        else if (answer) assert.deepEqual([answer.status, answer.body.error], [503, 'partition']);
        if (acknowledged.size > round * 300) stopping ??= alice.stop();
      }
    }));
    await stopping;
    assert.match(alice.log, /"node.stopped"/); // in order, not by giving up on who was still waiting
    await alice.start();
  }
  const stored = new Set();
  for (let since = 0, more = true; more;) {
    const page = await alice.get(`/api/v1/chat/history?limit=1000&since_lamport=${since}`);
    for (const message of page.messages) stored.add(message.event_id);
    since = page.messages.at(-1).lamport;
    more = page.more;
  }
  for (const id of acknowledged) assert.ok(stored.has(id));
});

/** Whether what was asked in the middle of it was answered; the stop may be over before anything is. */
async function stopWhileJoining() {
  const bob = await (await Node.create({ name: 'Bob' })).start();
  const silent = net.createServer((socket) => socket.unref()).unref().listen(0, '127.0.0.1'); // takes connections and says nothing
  await once(silent, 'listening');
  const inviter = new Peer();
  const invitation = inviter.signed({ schema_version: 1, community_id: inviter.id, community_name: 'Slow', inviter_node_id: inviter.id, invitee_node_id: bob.id, initial_level: 'member',
    bootstrap_endpoints: [{ transport: 'https', host: '127.0.0.1', port: silent.address().port }], expires_at: wallClock(Date.now() + 60000), invite_event_id: ulid() });
  const { hostname, port } = new URL(bob.ui);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const health = async () => {
    const [response] = await once(http.get({ hostname, port, path: '/health', agent }), 'response');
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  };
  assert.equal(await health(), 200);
  const joining = bob.request('POST', '/api/v1/community/join', { invite: `hearthnet://v1/${Buffer.from(canonical(invitation)).toString('base64url')}` });
  const [connection] = await once(silent, 'connection');
  await once(connection, 'data'); // its handshake waits for an answer: the join looks only now and then whether to give up, and the stop waits for it
  const stopped = bob.stop();
  let status = 200;
  while (status === 200) status = await health().catch((error) => error.code); // over the connection that is kept
  assert.ok(status === 503 || status === 'ECONNRESET', String(status));
  await stopped;
  assert.deepEqual((await joining).body, { error: 'bootstrap_unreachable', message: 'This node is stopping; join again when it is back.' });
  assert.match(bob.log, /"node.stopped"/);
  silent.close();
  agent.destroy();
  assert.deepEqual(fs.existsSync(path.join(bob.directory, 'run.json')), false);
  await bob.start();
  assert.equal((await bob.get('/api/v1/node')).community_id, null);
  return status === 503;
}

test('a node that is stopping takes on nothing more, and leaves nothing half-joined', async () => {
  let refused = false;
  for (let tries = 0; tries < 5 && !refused; tries++) refused = await stopWhileJoining();
  assert.ok(refused);
});

test('a second serve on one directory is refused, and so is a busy port', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const second = await cli('serve', '--data', alice.directory, '--ui-port', '0', '--peer-port', '0');
  assert.equal(second.code, 1);
  assert.match(second.stderr, /Another node is running/);
  const other = await Node.create({ name: 'Other' });
  const busy = net.createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const taken = await cli('serve', '--data', other.directory, '--ui-port', String(busy.address().port), '--peer-port', '0', '--peer-host', '127.0.0.1');
  busy.close();
  assert.equal(taken.code, 1);
  assert.match(taken.stderr, /Port \d+ is taken by another program/);
  assert.equal(fs.existsSync(path.join(other.directory, 'run.json')), false);
});

test('damaged and readable keys, wrong settings and newer databases are named', async () => {
  const node = await Node.create({ name: 'A', community: 'B' });
  const key = path.join(node.directory, 'keys/device.ed25519');
  const good = fs.readFileSync(key);
  const serve = () => cli('serve', '--data', node.directory, '--ui-port', '0', '--peer-port', '0', '--peer-host', '127.0.0.1');
  fs.writeFileSync(key, good.subarray(1));
  assert.match((await serve()).stderr, /The key .* is damaged/);
  fs.writeFileSync(key, good);
  fs.chmodSync(key, 0o644);
  assert.match((await serve()).stderr, /Others can read the key .* chmod 600/);
  fs.chmodSync(key, 0o600);
  fs.chmodSync(node.directory, 0o755);
  assert.match((await serve()).stderr, /chmod 700/);
  fs.chmodSync(node.directory, 0o700);
  const ini = path.join(node.directory, 'hearthchat.ini');
  const settings = fs.readFileSync(ini, 'utf8');
  fs.writeFileSync(ini, `${settings}[ui]\nhost = 0.0.0.0\n`);
  assert.match((await serve()).stderr, /line 4: .*must be a loopback address/);
  fs.writeFileSync(ini, settings);
  const [community] = fs.readdirSync(path.join(node.directory, 'communities'));
  const database = path.join(node.directory, 'communities', community, 'events.sqlite');
  const pages = fs.readFileSync(database);
  fs.writeFileSync(database, Buffer.concat([Buffer.from('this is no database'), pages.subarray(19)]));
  const damaged = await serve();
  assert.equal(damaged.code, 1);
  assert.match(damaged.stderr, /event log is damaged.*hearthchat repair/);
  fs.writeFileSync(database, '');
  assert.match((await serve()).stderr, /event log is empty.*hearthchat repair/);
  for (const file of fs.readdirSync(path.dirname(database))) fs.rmSync(path.join(path.dirname(database), file));
  fs.writeFileSync(database, pages);
  fs.chmodSync(database, 0o600);
  await node.start();
  assert.equal((await node.get('/api/v1/node')).community_name, 'B');
});

test('an unwritable place is refused before anything is written', async () => {
  const file = path.join(temporaryDirectory(), 'file');
  fs.writeFileSync(file, '');
  const answer = await cli('init', '--data', path.join(file, 'data'));
  assert.equal(answer.code, 1);
  assert.match(answer.stderr, /data directory .* can't be made/);
});

test('run.json is there while the node runs and gone after; a dead one is ignored', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const file = path.join(alice.directory, 'run.json');
  const run = JSON.parse(fs.readFileSync(file));
  assert.deepEqual([run.pid, run.ui, run.peer_port, run.node_id], [alice.process.pid, alice.ui, alice.peerPort, alice.id]);
  await alice.kill();
  assert.ok(fs.existsSync(file));
  assert.equal((await cli('status', '--data', alice.directory)).code, 3);
  await alice.start();
  await alice.stop();
  assert.equal(fs.existsSync(file), false);
});

test('the log holds no key and no message', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start('--log-level', 'debug');
  const bob = await (await Node.create({ name: 'Bob' })).start('--log-level', 'debug');
  await alice.admit(bob);
  const { event_id } = await alice.send(bob.id, 'the secret recipe');
  await alice.delivered(event_id);
  const seed = fs.readFileSync(path.join(alice.directory, 'keys/device.ed25519'));
  await alice.stop();
  await bob.stop();
  for (const log of [alice.log, bob.log]) {
    for (const line of log.trim().split('\n')) JSON.parse(line);
    for (const secret of ['secret recipe', seed.toString('hex'), seed.toString('base64url'), seed.toString('base64')]) assert.ok(!log.includes(secret));
  }
});
