import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { BINARY, cleanAll, cli, fs, Node, once, path, spawn, temporaryDirectory } from './support.mjs';

after(cleanAll);

test('two machines talk by the command line alone', async () => {
  const alice = await Node.create({ name: 'Alice', community: 'Our street' });
  const bob = await Node.create({ name: 'Bob' });
  await alice.start();
  await bob.start();

  const id = await cli('id', '--data', bob.directory);
  assert.deepEqual(id.stdout.split('\n').slice(0, 2), [bob.id, bob.shortId]);
  const invite = await cli('invite', id.stdout.trim().split('\n')[2], '--data', alice.directory);
  assert.match(invite.stdout, /^hearthnet:\/\/v1\/\S+\n$/);
  assert.equal((await cli('join', invite.stdout.trim(), '--data', bob.directory)).stdout, 'Joined Our street.\n');
  assert.equal((await cli('join', invite.stdout.trim(), '--data', bob.directory)).stdout, 'Already a member of Our street.\n');

  const sent = await cli('send', 'Alice', 'Hello Alice', '--data', bob.directory);
  assert.match(sent.stdout, /^[0-9A-Z]{26} direct\n$/);
  await bob.delivered(sent.stdout.slice(0, 26));
  assert.match((await cli('history', '--data', bob.directory)).stdout, /Bob → Alice: Hello Alice {2}\(delivered\)\n$/);
  assert.match((await cli('history', bob.shortId, '--data', alice.directory)).stdout, /Bob → Alice: Hello Alice\n$/);
  const json = JSON.parse((await cli('history', 'Alice', '--json', '--data', bob.directory)).stdout);
  assert.equal(json.body, 'Hello Alice');

  const members = (await cli('members', '--data', alice.directory)).stdout;
  assert.match(members, /anchor +online {2}Alice/);
  assert.match(members, /member +online {2}Bob/);
  assert.match((await cli('status', '--data', alice.directory)).stdout, /community +Our street\nlog +\d+ events/);
  assert.match((await cli('version')).stdout, /^hearthchat \d+\.\d+\.\d+\n$/);
});

test('text comes from standard input with -, and what is no text is refused', async () => {
  const ann = await (await Node.create({ name: 'Ann', community: 'X' })).start();
  const ben = await (await Node.create({ name: 'Ben' })).start();
  await ann.admit(ben);
  const pipe = async (bytes) => {
    const child = spawn(BINARY, ['send', 'Ben', '-', '--data', ann.directory]);
    let error = '';
    child.stderr.on('data', (data) => { error += data; });
    child.stdin.end(bytes);
    const [code] = await once(child, 'close');
    return { code, error };
  };
  assert.equal((await pipe('two\nlines\n')).code, 0);
  await ben.arrived('two\nlines');
  assert.match((await pipe(Buffer.from([0x61, 0, 0x62]))).error, /The text holds a NUL byte; is it a file\? \(bad_request\)$/m);
  assert.match((await pipe(Buffer.from([0xff]))).error, /The text is not valid UTF-8\. \(bad_request\)$/m);
  assert.match((await pipe('x'.repeat(70000))).error, /The text has more than 65536 bytes \(64 KiB\); send it in parts\. \(bad_request\)$/m);
  const self = await cli('send', ann.id, 'to myself', '--data', ann.directory);
  assert.equal(self.code, 1);
  assert.match(self.stderr, /The recipient is this node itself.* \(bad_request\)$/m);
});

test('history --follow goes on with what arrives', async () => {
  const ann = await (await Node.create({ name: 'Ann', community: 'X' })).start();
  const ben = await (await Node.create({ name: 'Ben' })).start();
  await ann.admit(ben);
  await ann.send(ben.id, 'before');
  await ben.arrived('before');
  const child = spawn(BINARY, ['history', 'Ann', '--follow', '--data', ben.directory]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  assert.match((await lines.next()).value, /Ann → Ben: before$/);
  await ann.send(ben.id, 'after \u001b[31mred');
  assert.match((await lines.next()).value, /Ann → Ben: after \?\[31mred$/); // nobody steers the terminal
  child.kill();
  await once(child, 'close');
});

test('exit codes and messages say what to do', async () => {
  const directory = path.join(temporaryDirectory(), 'data');
  const nobody = await cli('status', '--data', directory);
  assert.equal(nobody.code, 3);
  assert.match(nobody.stderr, /no node is running .*hearthchat serve --data \S+$/m);
  assert.equal((await cli('sing')).code, 2);
  assert.equal((await cli()).code, 2);
  assert.equal((await cli('send', 'x', '--data', directory)).code, 2);
  assert.equal((await cli('status', '--colour')).code, 2);
  assert.equal((await cli('history', '--limit', 'many', '--data', directory)).code, 2);
  for (const command of ['init', 'serve', 'id', 'invite', 'join', 'send', 'history', 'members', 'status', 'demo']) {
    const help = await cli(command, '--help');
    assert.equal(help.code, 0);
    assert.match(help.stdout, new RegExp(`^hearthchat ${command}`));
  }
});

test('init never touches keys that are there', async () => {
  const node = await Node.create({ name: 'Once' });
  const key = path.join(node.directory, 'keys/device.ed25519');
  const before = fs.readFileSync(key);
  const again = await cli('init', '--data', node.directory);
  assert.deepEqual([again.code, again.stdout], [0, `${node.id}\n${node.shortId}\n`], again.stderr);
  assert.deepEqual(fs.readFileSync(key), before);
});

test('the invite works for its device, once it is there, and not after its time', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'Street' })).start();
  const bob = await (await Node.create({ name: 'Bob' })).start();
  const eve = await (await Node.create({ name: 'Eve' })).start();
  const { invite } = await alice.post('/api/v1/invites', { invitee_node_id: bob.id });

  const mismatch = await eve.request('POST', '/api/v1/community/join', { invite });
  assert.deepEqual([mismatch.status, mismatch.body.error], [403, 'invitee_mismatch']);
  const broken = await bob.request('POST', '/api/v1/community/join', { invite: `${invite.slice(0, -4)}AAAA` });
  assert.deepEqual([broken.status, broken.body.error], [400, 'invite_invalid']);

  await alice.stop();
  const unreachable = await bob.request('POST', '/api/v1/community/join', { invite });
  assert.deepEqual([unreachable.status, unreachable.body.error], [503, 'bootstrap_unreachable']);
  const communities = path.join(bob.directory, 'communities');
  assert.deepEqual(fs.existsSync(communities) ? fs.readdirSync(communities) : [], []); // nothing half-joined
  await alice.start();
  const joined = await bob.post('/api/v1/community/join', { invite });
  assert.deepEqual([joined.community_name, joined.already], ['Street', false]);
  assert.equal((await bob.post('/api/v1/community/join', { invite })).already, true);
});
