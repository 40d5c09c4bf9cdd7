import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanAll, cleanup, freePort, fs, http, https, neighbours, net, Node, once, Peer } from './support.mjs';

after(cleanAll);

/** Two members that both moved while they were apart: neither knows where the other is. */
async function lost(config) {
  const [alice, bob] = await neighbours();
  await Promise.all([alice.stop(), bob.stop()]);
  alice.peerPort = await freePort();
  bob.peerPort = await freePort();
  await bob.start();
  if (config) config(alice, bob);
  await alice.start();
  return { alice, bob };
}

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(() => { server.closeAllConnections?.(); server.close(); });
  return server.address().port;
}

async function refusal(node, address) {
  const { status, body } = await node.request('POST', '/api/v1/peers', { address });
  assert.notEqual(status, 200);
  assert.ok(body.message.length > 30, body.message);
  return body.error;
}

test('an address by hand brings two together that both moved', async () => {
  const { alice, bob } = await lost();
  assert.equal((await alice.send(bob.id, 'where are you')).delivered, 'queued');
  const reached = await alice.cli('peer', `127.0.0.1:${bob.peerPort}`);
  assert.equal(reached.code, 0, reached.stderr);
  assert.match(reached.stdout, new RegExp(`Reached ${bob.shortId} +Bob`));
  await bob.arrived('where are you');
  await bob.send(alice.id, 'here');
  await alice.arrived('here');
  const { peers } = await alice.get('/api/v1/peers');
  assert.deepEqual(peers.map(({ node_id }) => node_id), [bob.id]);
  const [first] = peers[0].addresses;
  assert.deepEqual([first.host, first.port, first.result], ['127.0.0.1', bob.peerPort, 'ok']);
  assert.match(first.worked_at, /^\d{4}-/);
});

test('[discovery] peers are asked on start; itself among them is dropped', async () => {
  const { alice, bob } = await lost((alice, bob) => {
    fs.appendFileSync(`${alice.directory}/hearthchat.ini`, `[discovery]\npeers = 127.0.0.1:${alice.peerPort}, nobody.invalid:7080, 127.0.0.1:${bob.peerPort}\n`);
  });
  await alice.send(bob.id, 'found you');
  await bob.arrived('found you');
  await alice.until(() => /discovery\.peer_not_used.*itself/.test(alice.log));
});

test('what worked is remembered over a restart', async () => {
  const { alice, bob } = await lost();
  await alice.post('/api/v1/peers', { address: `127.0.0.1:${bob.peerPort}` });
  const worked = async () => (await alice.get('/api/v1/peers')).peers[0].addresses.filter(({ worked_at }) => worked_at).map(({ port }) => port);
  await alice.until(async () => (await worked()).includes(bob.peerPort));
  await alice.stop();
  await bob.stop();
  await alice.start();
  assert.equal((await worked())[0], bob.peerPort);
});

test('an address by hand that is none says why, and what to do', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  const stranger = await (await Node.create({ name: 'Eve', community: 'Elsewhere' })).start();
  const alone = await (await Node.create({ name: 'Alone' })).start();
  await alice.admit(bob);
  for (const address of ['', 'oma', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', '0.0.0.0:7080', '[ff02::1]:7080', 'https://oma:1', 'a b:1', '[fe80::1]:7080', 7080]) {
    assert.equal(await refusal(alice, address), 'bad_request', address);
  }
  assert.equal(await refusal(alone, `127.0.0.1:${bob.peerPort}`), 'bad_request');
  assert.equal(await refusal(alice, `127.0.0.1:${await freePort()}`), 'bootstrap_unreachable');
  assert.equal(await refusal(alice, 'nobody.invalid:7080'), 'bootstrap_unreachable');
  assert.equal(await refusal(alice, `127.0.0.1:${alice.peerPort}`), 'bad_request');
  assert.equal(await refusal(alice, `127.0.0.1:${stranger.peerPort}`), 'wrong_community');
  const page = await listen(http.createServer((request, response) => response.end('hello')));
  assert.equal(await refusal(alice, `127.0.0.1:${page}`), 'bootstrap_unreachable');
  const failed = await alice.cli('peer', 'nobody.invalid:7080');
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /firewall.* \(bootstrap_unreachable\)$/m);
});

test('who shows a member\'s manifest with another key is not believed', async () => {
  const [alice, bob] = await neighbours();
  const eve = new Peer();
  const { text } = await eve.call(bob, 'GET', '/manifest');
  const eves = await listen(https.createServer({ key: eve.key, cert: eve.cert, minVersion: 'TLSv1.3' }, (request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(text);
  }));
  const web = await listen(https.createServer({ key: eve.key, cert: eve.cert, minVersion: 'TLSv1.3' }, (request, response) => response.end('<html>')));
  assert.equal(await refusal(alice, `127.0.0.1:${eves}`), 'invalid_signature');
  assert.equal(await refusal(alice, `127.0.0.1:${web}`), 'bad_request');
  const { peers } = await alice.get('/api/v1/peers');
  assert.ok(peers[0].addresses.every(({ port }) => port !== eves && port !== web));
});

test('addresses that hang hold up neither the owner nor a stop', async () => {
  const [alice, bob] = await neighbours();
  const silent = await listen(net.createServer(() => {}));
  const asked = Array.from({ length: 20 }, () => alice.request('POST', '/api/v1/peers', { address: `127.0.0.1:${silent}` }));
  await Promise.any(asked.map(async (answer) => assert.equal((await answer).status, 429))); // there is no room for more of them
  await alice.send(bob.id, 'meanwhile');
  await bob.arrived('meanwhile');
  await alice.stop();
  for (const { status, body } of await Promise.all(asked)) {
    assert.ok(status === 429 && body.error === 'capacity_exceeded', `${status}`);
  }
});
