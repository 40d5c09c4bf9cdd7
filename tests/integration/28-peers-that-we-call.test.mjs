import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { after, test } from 'node:test';
import { answerJson, answerOctets, bodyOf, claim, cleanAll, cleanup, freePort, hashOf, net, Node, once, Peer } from './support.mjs';

after(cleanAll);

const FAR_MS = 400000; // ten times what it takes

/** Compares as who has these events, and hands out those that are asked for. */
const offering = (events) => async (request, response, peer) => {
  peer.events ??= new Map(events(peer).map((event) => [hashOf(event), event]));
  if (request.url === '/sync/v1/reconcile') return answerOctets(response, claim([...peer.events.keys()]));
  if (request.url !== '/sync/v1/fetch') return answerJson(response, { accepted: 0, rejected: 0, rejected_reasons: [], new_head: 1 });
  const { hashes } = JSON.parse(await bodyOf(request));
  return answerJson(response, { events: hashes.map((hash) => peer.events.get(hash)), missing: [] });
};

test('who has everything and hands out nothing keeps nobody from catching up', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const hashes = Array.from({ length: 8000 }, (_, i) => i.toString(16).padStart(64, '7'));
  let fetched = 0;
  const waiting = new EventEmitter(); // Bob, who is compared with every 5 s while it isn't his turn
  const mallory = await new Peer().serve(async (request, response) => {
    if (request.url === '/sync/v1/reconcile') return answerOctets(response, claim(hashes));
    fetched++;
    for (let i = 0; i < 2; i++) await once(waiting, 'compared'); // a call may be still for 15 s
    return answerJson(response, { events: [], missing: [] });
  });
  await mallory.join(alice);
  await alice.until(() => fetched > 0);
  // Nobody calls Alice: what there is she fetches. It is more than a page.
  const offers = offering((peer) => Array.from({ length: 40 }, (_, i) =>
    peer.event(peer.community, 60 + i, 'chat.message.sent', { client_id: `${i}`, recipient: alice.id, body: `from Bob ${i} ${'x'.repeat(1000)}`, attachments: [] })));
  const bob = await new Peer().serve((request, response, peer) => {
    if (request.url === '/sync/v1/reconcile') waiting.emit('compared');
    return offers(request, response, peer);
  });
  await bob.join(alice);
  await alice.until(async () => (await alice.history()).length === 40, FAR_MS);
  assert.ok(fetched > 0);
});

test('who finds a difference is asked soon: what we lack it may leave to us to fetch', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  let asked = 0;
  const bob = await new Peer().serve(async (request, response) => {
    if (request.url !== '/sync/v1/reconcile') return answerJson(response, { accepted: 0, rejected: 0, rejected_reasons: [], new_head: 1 });
    asked++;
    return answerOctets(response, Buffer.from('a')); // the same as ours
  });
  await bob.join(alice);
  await alice.until(() => asked === 1);
  const octets = { headers: { 'Content-Type': 'application/octet-stream' } };
  await bob.call(alice, 'POST', '/sync/v1/reconcile', Buffer.from('6100000200', 'hex').toString('latin1'), octets);
  // Of itself it asks after 27 s at the earliest, after 12 s who is silent.
  await alice.until(async () => (await bob.call(alice, 'GET', '/health')) && asked === 2, 20000);
});

test('a hundred members that take connections and say nothing get no more of them than there are places', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  let pushed = '';
  const bob = await new Peer().serve(async (request, response) => {
    if (request.url === '/sync/v1/reconcile') return answerOctets(response, claim([])); // it lacks everything
    const text = await bodyOf(request);
    pushed += text;
    return answerJson(response, { accepted: 0, rejected: 0, rejected_reasons: [], new_head: 1 });
  });
  await bob.join(alice);
  const open = new Set();
  let [most, taken] = [0, 0];
  const port = await freePort();
  const silent = net.createServer((socket) => {
    open.add(socket);
    taken++;
    most = Math.max(most, open.size);
    socket.on('error', () => {}).on('close', () => open.delete(socket)).resume();
  }).listen(port, '127.0.0.1');
  cleanup(() => { silent.close(); open.forEach((socket) => socket.destroy()); });
  for (let i = 0; i < 100; i++) {
    const peer = new Peer();
    peer.port = port;
    await peer.join(alice);
  }
  // Whatever else waits, what the owner writes goes out.
  for (let i = 0; taken < 100; i++) {
    await alice.send(bob.id, `between neighbours ${i}.`);
    await alice.until(() => pushed.includes(`between neighbours ${i}.`));
  }
  assert.ok(most <= 64, `${most} connections at once`);
});
