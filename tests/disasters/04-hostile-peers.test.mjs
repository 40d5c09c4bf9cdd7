import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { answerJson, answerOctets, bodyOf, claim, cleanAll, fs, hashOf, Node, Peer } from '../integration/support.mjs';

after(cleanAll);

/** A member with a server that answers as `answer(request, response)` likes. */
async function hostile(alice, name, answer, serverKey) {
  const peer = await new Peer().serve(answer, serverKey);
  await peer.join(alice);
  peer.name = name;
  peer.shortId = (await alice.get('/api/v1/members')).members.find((member) => member.node_id === peer.id).short_id;
  return peer;
}

/** Offers the events by reconciliation and hands them out when they are fetched. */
const offering = (make) => async (request, response, peer) => {
  peer.events ??= make(peer).map((event) => ({ event, hash: hashOf(event) }));
  if (request.url === '/sync/v1/reconcile') return answerOctets(response, claim(peer.events.map(({ hash }) => hash)));
  if (request.url === '/sync/v1/fetch') {
    await bodyOf(request);
    peer.fetched = (peer.fetched ?? 0) + 1;
    return answerJson(response, { events: peer.events.map(({ event }) => event), missing: [] });
  }
  return answerJson(response, { accepted: 0, rejected: 0, rejected_reasons: [], new_head: 1 });
};

const rss = (node) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${node.process.pid}/status`))[1]);

test('whatever a peer answers: nothing changes, nothing grows, nobody else waits', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  await alice.admit(bob);
  const message = (peer, more = {}, lamport = 50) => peer.event(peer.community, lamport, 'chat.message.sent', { client_id: 'x', recipient: alice.id, body: 'hostile', attachments: [] }, more);
  const spoiled = (event) => ({ ...event, signature: `${event.signature.slice(0, 20)}${event.signature[20] === 'A' ? 'B' : 'A'}${event.signature.slice(21)}` });
  const peers = [
    await hostile(alice, 'garbage', (_, response) => response.writeHead(200).end('\0garbage')),
    await hostile(alice, 'endless', (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      const more = () => { while (!response.destroyed && response.write(Buffer.alloc(65536, 0x61))); };
      response.on('drain', more);
      more();
    }),
    await hostile(alice, 'slow', (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      const timer = setInterval(() => response.write('a'), 1000);
      response.on('close', () => clearInterval(timer));
    }),
    await hostile(alice, 'lying counts', (_, response) => answerOctets(response, '61000002ffffffffffffffff7f')),
    await hostile(alice, 'another key', (_, response) => answerOctets(response, '61'), new Peer()),
    await hostile(alice, 'never the same', (_, response) => answerOctets(response, `610000018${Math.random().toString(16).slice(2, 3)}${'5a'.repeat(15)}`)),
    await hostile(alice, 'promises', (request, response) => (request.url === '/sync/v1/reconcile' ? answerOctets(response, claim(Array.from({ length: 5000 }, (_, i) => i.toString(16).padStart(64, '7')))) : answerJson(response, { events: [], missing: [] }))),
    await hostile(alice, 'forged', offering((peer) => [spoiled(message(peer)), { ...message(peer), author: alice.id }])),
    await hostile(alice, 'malformed', offering((peer) => [peer.signed({ schema_version: 1, event_type: 'chat.message.sent' }), message(peer, { extra: 1 }), { nonsense: true }])),
    await hostile(alice, 'another community', offering((peer) => [peer.event(peer.id, 2, 'chat.message.sent', { client_id: 'x', recipient: alice.id, body: 'x', attachments: [] })])),
    await hostile(alice, 'burns the clock', offering((peer) => [message(peer, {}, 5000000), message(peer, {}, 9007199254740991)])),
    await hostile(alice, 'what nobody asked for', async (request, response, peer) => (request.url === '/sync/v1/reconcile' ? answerOctets(response, claim(['ab'.repeat(32)])) : answerJson(response, { events: [message(peer)], missing: [] }))),
  ];
  await alice.until(() => peers.every((peer) => peer.asked > 0 || peer.name === 'another key'));
  const before = rss(alice);
  await alice.send(bob.id, 'between neighbours');
  await bob.arrived('between neighbours');
  // They call, so that they are asked again at once; and again.
  for (let i = 0; i < 5; i++) {
    const asked = peers[3].asked;
    await Promise.all(peers.map((peer) => peer.call(alice, 'GET', '/sync/v1/heads')));
    await alice.until(() => peers[3].asked > asked);
    const { event_id } = await bob.send(alice.id, `still here ${i}`);
    await alice.arrived(`still here ${i}`);
    await bob.delivered(event_id);
  }
  const bodies = (await alice.history()).map((entry) => entry.body);
  assert.ok(bodies.every((text) => !text.includes('hostile')), bodies.join());
  assert.ok((await alice.get('/api/v1/node')).head < 1000, 'the clock was burnt');
  assert.ok(rss(alice) - before < 60000, `${rss(alice) - before} kB more`);
  for (const peer of peers) {
    const reports = () => alice.log.split('\n').filter((line) => /peer\.(misbehaves|stalled)/.test(line) && line.includes(peer.shortId)).length;
    await alice.until(() => reports() > 0, 90000).catch(() => assert.fail(`${peer.name} is not logged`));
    assert.equal(reports(), 1, peer.name);
  }
  // What can never be accepted is not asked for twice.
  const malformed = peers.find(({ name }) => name === 'malformed');
  assert.equal(malformed.fetched, 2); // once by Alice, once by Bob
});

test('who spoils a signature keeps the true event out of nobody\'s log', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = new Peer();
  await bob.join(alice);
  const true_ = bob.event(bob.community, 60, 'chat.message.sent', { client_id: 'c', recipient: alice.id, body: 'the true one', attachments: [] });
  const spoiled = { ...true_, signature: `ed25519:${'A'.repeat(86)}` };
  const mallory = await hostile(alice, 'spoils', offering(() => [spoiled]));
  await alice.until(() => mallory.fetched > 0);
  const honest = await hostile(alice, 'honest', offering(() => [true_]));
  await alice.arrived('the true one');
  assert.equal(mallory.fetched, 1); // not asked of that peer again for ten minutes
  assert.ok(honest.fetched >= 1);
});
