import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanAll, crypto, Peer } from '../integration/support.mjs';
import { hints, Lab, PATIENCE_LAB_MS } from './support.mjs';

after(cleanAll);

const NEIGHBOUR = fileURLToPath(new URL('neighbour.mjs', import.meta.url));
const words = async (node) => (await node.history()).map(({ event_id, body, e2e }) => ({ event_id, body, e2e }));
const community = async (node) => (await node.get('/api/v1/node')).community_id;
const shortOf = (peer) => {
  const bits = [...Buffer.from(peer.id.slice(8), 'base64url').subarray(0, 10)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return `ed25519:${bits.match(/.{5}/g).map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[parseInt(five, 2)]).join('').match(/.{4}/g).join('-')}`;
};

/** The disk is lost, the key is not; `all`: not even the community's name is left. */
function loseLog(node, { all = false } = {}) {
  const communities = path.join(node.directory, 'communities');
  for (const id of fs.readdirSync(communities)) {
    fs.rmSync(path.join(communities, id), { recursive: true });
    if (!all) fs.mkdirSync(path.join(communities, id), { mode: 0o700 });
  }
}

/** Back, with all that was written (words whose keys were lost are asked for), nothing said twice, and talking. */
async function isBack(lab, node, others, whole, what) {
  const since = Date.now();
  await lab.within(node, async () => await community(node) !== null, `${node.index} is back`);
  await lab.converge([node, ...others]);
  const known = new Set(whole.map(({ event_id }) => event_id));
  const found = (await words(node)).filter(({ event_id, e2e }) => known.has(event_id) || e2e !== 'waiting'); // which may be keys that were asked for
  assert.deepEqual(found.map(({ event_id }) => event_id), whole.map(({ event_id }) => event_id));
  for (const [i, { body, e2e }] of found.entries()) assert.ok(body === whole[i].body || e2e === 'waiting', `${body} is ${e2e}`);
  assert.equal((await node.get('/api/v1/node')).lost_community_id, undefined);
  await lab.everybodyTalks([node, ...others], { since, what });
  await node.cli('verify');
}

/** A machine with a neighbour on it that answers so. */
async function lie(lab, peer, answers) {
  const machine = { namespace: lab.namespace(`liar${lab.namespaces.length}`), index: `m${lab.namespaces.length}` };
  lab.plug(machine, { addresses: [`10.9.0.${200 + lab.namespaces.length}/24`] });
  const child = spawn('ip', ['netns', 'exec', machine.namespace, process.execPath, NEIGHBOUR], { stdio: ['pipe', 'pipe', 'inherit'] });
  lab.wires.push(child);
  child.stdin.write(`${JSON.stringify({ key: peer.key, cert: peer.cert.toString(), answers })}\n`);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  machine.asked = async (what) => {
    for (let line; (line = (await lines.next()).value) !== what;) assert.ok(line, `was never asked for ${what}`);
  };
  machine.stop = () => child.stdin.end();
  machine.say = (node, community) => hints(machine, ['say'], [JSON.stringify({ v: 1, node, community, port: 7080, caps: ['chat.send'] })]);
  await machine.asked('listening');
  return machine;
}

/** What a node of that peer would say of a community and of who is in it. */
function claims(peer, id, members, events) {
  const { signature: _unsigned, ...manifest } = peer.manifest(7080, 'Mallory');
  return {
    '/manifest': { body: peer.signed({ ...manifest, community_id: id }) },
    '/community/manifest': { body: peer.signed({ version: 1, community_id: id, name: 'Street', root_key: id, created_at: manifest.issued_at, lamport_at_creation: 1, policy: {},
      members: members.map((node_id) => ({ node_id, level: 'member', added_at: manifest.issued_at, added_by: id })), revoked: [], head_lamport: 10, signed_by: peer.id }) },
    '/sync/v1/events': { body: { accepted: 0, rejected: 0, rejected_reasons: [], new_head: 10, membership: true, events } },
  };
}

const POLICY = { min_signatures_to_invite: 1, min_signatures_to_demote: 3, min_signatures_to_revoke: 3, capability_token_ttl_seconds: 86400, federation_enabled: true, default_member_can_invite: true };

/** A founding and a membership that nobody but `peer` signed. */
function forge(peer, root, member) {
  const invited = peer.event(root, 2, 'community.member.invited', { invitee_node_id: member, display_name: 'You', initial_level: 'member', expires_at: '2100-01-01T00:00:00Z' });
  return [
    peer.event(root, 1, 'community.created', { name: 'Street', founder_node_id: root, policy: POLICY }, { author: root }), invited,
    peer.event(root, 3, 'community.member.joined', { invite_event_id: invited.event_id, node_manifest: peer.manifest(7080) }, { author: member }),
  ];
}

describe('without its log', { concurrency: 2 }, () => {
  test('a member, and a founder, are back without anybody doing anything', async (t) => {
    const lab = new Lab(t);
    const [alice, bob, carol] = await lab.community(['Alice', 'Bob', 'Carol']);
    await lab.everybodyTalks([alice, bob, carol]);
    for (const [node, others, all] of [[bob, [alice, carol], false], [bob, [alice, carol], true], [alice, [bob, carol], true]]) {
      await lab.converge([alice, bob, carol]);
      const whole = await words(node);
      await node.stop();
      loseLog(node, { all });
      if (all) lab.readdress(node, [`10.9.0.${50 + node.index}/24`]); // nothing of it is where it was
      await node.start();
      await isBack(lab, node, others, whole, `${node.index}, with ${all ? 'nothing but its key' : 'the name of its community'}, was back and all was said`);
    }
    assert.equal((await alice.get('/api/v1/members')).members.find(({ node_id }) => node_id === alice.id).level, 'anchor');
    const founding = await alice.request('POST', '/api/v1/community', { name: 'Another' });
    assert.equal(founding.status, 400, founding.text);
  });

  test('so too where there are link-local addresses of IPv6 alone', async (t) => {
    const lab = new Lab(t);
    const alice = await lab.node({ name: 'Alice', community: 'Street' });
    const bob = await lab.node({ name: 'Bob' });
    for (const node of [alice, bob]) {
      lab.plug(node);
      await node.start();
    }
    await lab.within(bob, async () => (await bob.get('/api/v1/node')).endpoints.length > 0, 'Bob has an address, too');
    await alice.admit(bob);
    await lab.everybodyTalks([alice, bob]);
    await bob.stop();
    loseLog(bob, { all: true });
    const whole = await words(alice);
    await bob.start();
    await isBack(lab, bob, [alice], whole, 'was back and all was said');
  });

  test('a neighbour with a forged community draws nobody in, and is named', async (t) => {
    const lab = new Lab(t);
    const [alice, bob, carol] = await lab.community(['Alice', 'Bob', 'Carol']);
    await lab.everybodyTalks([alice, bob]);
    const whole = await words(bob);
    await Promise.all([alice, bob, carol].map((node) => node.stop()));
    loseLog(bob, { all: true });
    await bob.start();
    const attempts = [
      [(peer) => [shortOf(peer), shortOf(peer), claims(peer, peer.id, [bob.id], forge(peer, peer.id, bob.id))], /calls this device a member and has no proof/],
      [(peer) => [shortOf(peer), alice.shortId, claims(peer, alice.id, [bob.id], forge(peer, alice.id, bob.id))], /no proof that this community was founded/],
      [(peer) => [shortOf(peer), alice.shortId, claims(peer, alice.id, [bob.id], [])], /no proof that this community was founded/],
      [(peer) => [alice.shortId, alice.shortId, claims(peer, alice.id, [bob.id], [])], /another one than was said in the local network/],
      [(peer) => [shortOf(peer), alice.shortId, { ...claims(peer, alice.id, [bob.id], []), '/manifest': claims(Peer.of(alice), alice.id, [], [])['/manifest'] }], /another one than was said/],
    ];
    for (const [what, words] of attempts) {
      const peer = new Peer();
      const [node, name, answers] = what(peer);
      const liar = await lie(lab, peer, answers);
      const said = new RegExp(`"event":"discovery.not_back".*"peer":"${node}".*"address":"10.9.0.*${words.source}`);
      await lab.within(bob, async () => {
        await liar.say(node, name);
        return said.test(bob.log);
      }, `Bob says: ${words}`, 2 * PATIENCE_LAB_MS); // whose first call came to nothing asks again after 10 s, then 20
      assert.equal(await community(bob), null);
      assert.deepEqual(fs.readdirSync(path.join(bob.directory, 'communities')), []);
      liar.stop();
    }
    await alice.start();
    await isBack(lab, bob, [alice], whole, 'and then was back');
  });

  test('a neighbour that takes its time keeps nobody from joining; one that speaks of the own community, nobody from founding for long', async (t) => {
    const lab = new Lab(t);
    const alice = await lab.node({ name: 'Alice', community: 'Street' });
    const eve = await lab.node({ name: 'Eve' });
    for (const node of [alice, eve]) {
      lab.plug(node, { addresses: [`10.9.0.${node.index}/24`] });
      await node.start();
    }
    const peer = new Peer();
    const liar = await lie(lab, peer, { '/manifest': null });
    const untilAsked = async (node, name) => {
      let asked = false;
      const done = liar.asked('/manifest').then(() => { asked = true; });
      await lab.within(node, async () => {
        if (!asked) await liar.say(shortOf(peer), name);
        return asked;
      }, `${node.index} asks`);
      await done;
    };
    const found = (node) => node.request('POST', '/api/v1/community', { name: 'Mine' });
    await untilAsked(eve, eve.shortId);
    const refused = await found(eve);
    assert.equal(refused.status, 429, refused.text);
    assert.match(refused.body.message, /that this device's key founded.*try again/);
    await alice.admit(eve); // which ends what was under way
    await lab.everybodyTalks([alice, eve]);
    const dora = await lab.node({ name: 'Dora' });
    lab.plug(dora, { addresses: [`10.9.0.${dora.index}/24`] });
    await dora.start();
    await untilAsked(dora, dora.shortId);
    assert.equal((await found(dora)).status, 429);
    await lab.within(dora, async () => {
      await liar.say(shortOf(peer), dora.shortId);
      return (await found(dora)).status === 200;
    }, 'Dora founds, whatever a neighbour says');
  });

  test('10,000 hints a second from 1,000 addresses make no storm of calls, and it is back all the same', async (t) => {
    const lab = new Lab(t);
    const stranger = { namespace: lab.namespace('stranger'), index: 's' };
    const [alice, bob] = await lab.community(['Alice', 'Bob'], { wide: true });
    lab.plug(stranger, { addresses: ['10.9.0.200/16'] });
    execFileSync('ip', ['-n', stranger.namespace, 'route', 'add', 'local', '10.9.4.0/22', 'dev', 'eth0']);
    execFileSync('ip', ['netns', 'exec', stranger.namespace, 'nft', '-f', '-'], { stdio: ['pipe', 'pipe', 'pipe'],
      input: 'table inet calls {\n chain in {\n type filter hook input priority 0\n tcp flags & (syn | ack) == syn counter\n }\n}\n' });
    await lab.everybodyTalks([alice, bob]);
    const whole = await words(bob);
    await Promise.all([alice, bob].map((node) => node.stop()));
    loseLog(bob, { all: true });
    await bob.start();
    const payloads = Array.from({ length: 1000 }, (_, i) => JSON.stringify({ v: 1, node: shortOf({ id: `ed25519:${crypto.randomBytes(32).toString('base64url')}` }), community: alice.shortId, port: 1000 + i, caps: [] }));
    const before = Date.now();
    await hints(stranger, ['storm', 10000, 5, '10.9.4.1', 1000], payloads);
    const seconds = Math.ceil((Date.now() - before) / 1000);
    const calls = Number(/packets (\d+)/.exec(execFileSync('ip', ['netns', 'exec', stranger.namespace, 'nft', 'list', 'ruleset']))[1]);
    t.diagnostic(`${calls} calls in ${seconds} s`);
    assert.ok(calls > 0 && calls <= 2 * seconds + 2, 'a storm of hints became a storm of calls');
    await alice.start();
    await isBack(lab, bob, [alice], whole, 'was back');
  });
});
