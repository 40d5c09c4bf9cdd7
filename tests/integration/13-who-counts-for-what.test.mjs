import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cleanAll, Node, Peer } from './support.mjs';

// A street with four who are trusted (Alice, Bob, Carol, Dora), so that the policy's numbers are what it takes, and two who are not.

let alice;
const peers = {};
after(cleanAll);
before(async () => {
  alice = await (await Node.create({ name: 'Alice' })).start();
  await alice.post('/api/v1/community', { name: 'Street', policy: { min_signatures_to_revoke: 3, min_signatures_to_demote: 2 } });
  for (const name of ['bob', 'carol', 'dora', 'eve', 'fred']) {
    peers[name] = new Peer();
    await peers[name].join(alice, name);
  }
  for (const name of ['bob', 'carol', 'dora']) await alice.post('/api/v1/levels', { target_node_id: peers[name].id, new_level: 'trusted' });
  peers.founder = Peer.of(alice);
  peers.stranger = new Peer();
});

const levelOf = async (who) => (await alice.get('/api/v1/members')).members.find(({ node_id }) => node_id === who.id)?.level;
const coSign = (statement, ...signers) => signers.map((signer) => ({ node_id: signer.id, signature: signer.sign(statement) }));
const headOf = async () => (await alice.get('/api/v1/node')).head;

/** By whom and over what it is co-signed beside Alice, and for how many that counts, herself included. */
function tooFew(statement, other) {
  const { bob, carol, eve, stranger, founder } = peers;
  const [forged] = coSign(statement, bob);
  return [
    ['nobody', [], 1],
    ['herself once more', coSign(statement, founder), 1],
    ['a member who is not trusted', coSign(statement, eve), 1],
    ['a stranger', coSign(statement, stranger), 1],
    ['a trusted member, of something else', coSign(other, bob), 1],
    ['one in another\'s name', [{ ...forged, node_id: carol.id }], 1],
  ];
}

async function refuses(target, body, counted, needed, what) {
  const answer = await alice.request('POST', target, body);
  assert.deepEqual([answer.status, answer.body.error], [401, 'unauthorized'], `${target} co-signed by ${what}: ${answer.text}`);
  assert.match(answer.body.message, new RegExp(`takes the word of ${needed} trusted members, and has that of ${counted}\\.`), what);
}

test('a revocation takes as many trusted members as the policy says, each once and over the same', async () => {
  const { bob, carol, dora, fred, eve } = peers;
  const statement = { client_id: 'r', reason: 'compromised', target_node_id: fred.id };
  const revocation = (co_signers) => ({ ...statement, co_signers });
  const other = { ...statement, reason: 'inactive' };
  const two = [
    ['one of them', coSign(statement, bob), 2],
    ['the same one twice', coSign(statement, bob, bob), 2],
    ['one, and others who do not count', [...coSign(statement, bob, eve, peers.stranger), ...coSign(other, carol), ...coSign({ ...statement, target_node_id: eve.id }, dora)], 2],
  ];
  for (const [what, co_signers, counted] of [...tooFew(statement, other), ...two]) await refuses('/api/v1/revocations', revocation(co_signers), counted, 3, what);
  // The same by the bus and by the command line.
  const call = await alice.request('POST', '/bus/v1/call', { params: {}, input: revocation(coSign(statement, bob)) }, { 'X-HearthNet-Capability': 'community.revoke' });
  assert.deepEqual([call.status, call.body.error], [401, 'unauthorized']);
  const agreed = { ...statement, client_id: `revoke:${fred.id}:compromised` }; // what co-sign signs
  const argument = (signer, signed = agreed) => ['--co-signature', `${signer.id},${signer.sign(signed)}`];
  for (const options of [[], argument(bob), [...argument(bob), ...argument(bob)], [...argument(bob), ...argument(carol, statement)], [...argument(bob), ...argument(eve)]]) {
    const { code, stderr } = await alice.cli('revoke', fred.id, '--reason', 'compromised', ...options);
    assert.equal(code, 1, options.join(' '));
    assert.match(stderr, /takes the word of 3 trusted members/);
  }
  assert.equal(await levelOf(fred), 'member');
  const { code, stderr } = await alice.cli('revoke', fred.id, '--reason', 'compromised', ...argument(bob), ...argument(carol));
  assert.equal(code, 0, stderr);
  assert.equal(await levelOf(fred), undefined);
});

test('so does a demotion; one is enough to promote', async () => {
  const { bob, carol, eve } = peers;
  const statement = { new_level: 'member', target_node_id: carol.id };
  const other = { new_level: 'member', target_node_id: bob.id };
  for (const [what, co_signers, counted] of tooFew(statement, other)) await refuses('/api/v1/levels', { ...statement, co_signers }, counted, 2, what);
  assert.equal(await levelOf(carol), 'trusted');
  await alice.post('/api/v1/levels', { ...statement, co_signers: coSign(statement, bob) });
  assert.equal(await levelOf(carol), 'member');
  await alice.post('/api/v1/levels', { target_node_id: carol.id, new_level: 'trusted' });
  assert.equal(await levelOf(carol), 'trusted');
  assert.equal(await levelOf(eve), 'member');
});

/** A change of level as Bob's own node would write it, through another member; what became of the target. */
async function change(kind, target, new_level, ...signers) {
  const statement = { new_level, target_node_id: target.id };
  const event = signers[0].event(peers.bob.community, await headOf() + 1, `community.member.${kind}`, { ...statement, co_signers: coSign(statement, ...signers) });
  await peers.dora.push(alice, event);
  return levelOf(target);
}

test('a promotion only raises and a demotion only lowers, whoever signs', async () => {
  const { bob, carol, dora, eve, founder } = peers;
  const all = [bob, carol, dora, founder];
  assert.equal(await change('promoted', carol, 'member', ...all), 'trusted');
  assert.equal(await change('promoted', carol, 'trusted', ...all), 'trusted');
  assert.equal(await change('promoted', founder, 'trusted', ...all), 'anchor');
  assert.equal(await change('demoted', eve, 'trusted', ...all), 'member');
  assert.equal(await change('demoted', eve, 'anchor', ...all), 'member');
  assert.equal(await change('demoted', carol, 'anchor', ...all), 'trusted');
  // And each with its number: one may not demote, and who is not trusted may nothing.
  assert.equal(await change('demoted', carol, 'member', bob), 'trusted');
  assert.equal(await change('promoted', eve, 'trusted', eve, bob, carol), 'member');
  assert.equal(await change('promoted', eve, 'trusted', bob), 'trusted');
  assert.equal(await change('demoted', eve, 'member', bob, dora), 'member');
  // None of it is gone from the log: what derives it anew comes to the same.
  await alice.stop();
  assert.equal((await alice.cli('verify')).code, 0);
  await alice.start();
  assert.deepEqual(await Promise.all([eve, carol, founder].map(levelOf)), ['member', 'trusted', 'anchor']);
});
