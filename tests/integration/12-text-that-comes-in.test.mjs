import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { BINARY, cleanAll, cli, fs, Node, path, PATIENCE_MS, Peer, rawStatus, temporaryDirectory } from './support.mjs';

after(cleanAll);

/** A command as a shell makes it, whose printf writes bytes that are no text: {code, stdout, stderr}. A signal is code 128 and more. */
function shell(script, cwd = temporaryDirectory()) {
  return new Promise((resolve) => {
    execFile('sh', ['-c', `${script}`, BINARY], { cwd, timeout: PATIENCE_MS }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
  });
}

const LATIN = '"$(printf \'J\\374rgen\')"';
const FACES = '😀'.repeat(64);

test('arguments that are not UTF-8 are refused, whatever they are for', async () => {
  const node = await (await Node.create({ name: 'Ann', community: 'X' })).start();
  const data = `--data ${node.directory}`;
  const commands = [`init --data new --name ${LATIN}`, `init --data new --community ${LATIN}`, `init --data new --profile ${LATIN}`, `init --data ${LATIN}`, `init --data new --config ${LATIN}`,
    `invite ${node.id} --name ${LATIN} ${data}`, `invite ${node.id} --level ${LATIN} ${data}`, `invite ${LATIN} ${data}`, `join ${LATIN} ${data}`, `send ${LATIN} text ${data}`,
    `send ${node.id} ${LATIN} ${data}`, `send ${node.id} text --client-id ${LATIN} ${data}`, `history ${LATIN} ${data}`, `revoke ${LATIN} --reason other ${data}`,
    `revoke ${node.id} --reason ${LATIN} ${data}`, `revoke ${node.id} --reason other --co-signature ${LATIN} ${data}`, `co-sign ${node.id} --level ${LATIN} ${data}`,
    `serve --data new --peer-host ${LATIN}`, `serve --data new --log-level ${LATIN}`, `backup ${LATIN} ${data}`, `export ${LATIN} ${data}`, LATIN];
  for (const command of commands) {
    const directory = temporaryDirectory();
    const { code, stderr } = await shell(`exec "$0" ${command}`, directory);
    assert.equal(code, 2, `${command}: ${code} ${stderr}`);
    assert.match(stderr, /^hearthchat: "J\?rgen" is not valid UTF-8\. Set the terminal to UTF-8/);
    assert.deepEqual(fs.readdirSync(directory), []);
  }
  for (const [variable, option] of [['XDG_DATA_HOME', '--data'], ['XDG_CONFIG_HOME', '--config'], ['HOME', '--data']]) {
    const { code, stderr } = await shell(`unset XDG_DATA_HOME XDG_CONFIG_HOME; HOME=$PWD; export ${variable}="/tmp/"${LATIN}; exec "$0" init --name Ann`);
    assert.equal(code, 1, variable);
    assert.match(stderr, new RegExp(`is not valid UTF-8; name .* with ${option} `));
  }
});

test('a configuration that is no text is refused with its line, by every command', async () => {
  const node = await Node.create({ name: 'Ann' });
  const file = path.join(node.directory, 'hearthchat.ini');
  for (const [text, reason] of [['[identity]\ndisplay_name = J\u00fcrgen\n', /line 2: \[identity\] display_name must be text in UTF-8, not "J\?rgen"/], ['[identity]\ndisplay_name = J\0\n', /line 2: there is a NUL/]]) {
    fs.writeFileSync(file, text, 'latin1');
    for (const command of ['id', 'serve']) {
      const { code, stderr } = await node.cli(command);
      assert.equal(code, 1);
      assert.match(stderr, reason);
    }
  }
});

test('paths of every shape are taken, empty ones refused', async () => {
  const directory = temporaryDirectory();
  const data = path.join(directory, 'rel/dir');
  assert.equal((await shell('exec "$0" init --config my.ini --data rel/dir// --name Ann --community X', directory)).code, 0);
  assert.equal(fs.readFileSync(path.join(directory, 'my.ini'), 'utf8'), '[identity]\ndisplay_name = Ann\n');
  assert.equal((await shell('exec "$0" id --config my.ini --data rel/dir', directory)).code, 0);
  assert.equal((await shell('exec "$0" id --data .', data)).code, 0);
  assert.match((await shell('exec "$0" backup my.tar --data rel/dir', directory)).stdout, /^Wrote my\.tar\.$/m);
  assert.equal((await shell('exec "$0" init --data new --config sub/my.ini --name Ben', directory)).code, 0);
  assert.ok(fs.existsSync(path.join(directory, 'sub/my.ini')));
  assert.match((await shell('exec "$0" id --data rel/dir --config .', directory)).stderr, /The configuration \. can't be read: Is a directory/);
  for (const [option, what] of [['--data', 'directory'], ['--config', 'file']]) {
    const { code, stderr } = await shell(`exec "$0" init ${option} ''`, directory);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`${option} takes a ${what}; here it is empty`));
  }
  // The first command of somebody who has nothing yet, in a home of their own.
  const home = temporaryDirectory();
  assert.equal((await shell('unset XDG_DATA_HOME XDG_CONFIG_HOME; HOME=$PWD exec "$0" init --name Ann', home)).code, 0);
  assert.ok(fs.existsSync(path.join(home, '.config/hearthnet/hearthchat.ini')));
});

test('names are what they were given as, or refused before anything is made', async () => {
  for (const name of [FACES, '"Ann"', 'a;b', '#1', 'a = b']) {
    const node = await (await Node.create({ name, community: name })).start();
    const shown = await node.get('/api/v1/node');
    assert.equal(shown.display_name, name);
    assert.equal(shown.community_name, name);
    await node.stop();
  }
  const refusals = [['--name', `${FACES}x`, /--name takes 1 to 64/], ['--name', 'a\nb', /--name takes 1 to 64/], ['--name', '', /--name takes 1 to 64/], ['--name', ' ', /--name takes 1 to 64/], ['--name', 'a ;b', /The name can't stand/],
    ['--community', `${FACES}x`, /--community takes 1 to 64/], ['--community', '', /--community takes 1 to 64/], ['--community', 'a\nb', /--community takes 1 to 64/], ['--profile', 'castle', /--profile is anchor, hearth/]];
  for (const [option, value, reason] of refusals) {
    const data = path.join(temporaryDirectory(), 'data');
    const { code, stderr } = await cli('init', '--data', data, option, value);
    assert.equal(code, 1, stderr);
    assert.match(stderr, reason);
    assert.ok(!fs.existsSync(path.join(data, 'keys')) && !fs.existsSync(path.join(data, 'hearthchat.ini')));
  }
});

test('a NUL gets in nowhere', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'X' })).start();
  const peer = new Peer();
  await peer.join(alice);
  const refused = async (answer) => assert.equal((await answer).status, 400, (await answer).text);
  const policy = { min_signatures_to_invite: 1 };
  await refused(alice.request('POST', '/api/v1/invites', `{"invitee_node_id":"${peer.id}","ttl_seconds":60\0}`));
  await refused(alice.request('POST', '/api/v1/invites', `{"invitee_node_id":"${peer.id}","ttl_seconds":60}\0`));
  await refused(alice.request('POST', '/bus/v1/call', `{"params":{},"input":{"limit":5\0}}`, { 'X-HearthNet-Capability': 'chat.history' }));
  // An event whose data holds a number with a NUL behind it: the signature would be right.
  const event = peer.event(peer.community, 40, 'market.post.created', { x: 123, more: [true, policy] });
  const batch = JSON.stringify({ community_id: peer.community, events: [event] });
  for (const what of ['123', 'true', '"lamport":40', '"schema_version":1']) {
    assert.ok(batch.includes(what));
    await refused(peer.call(alice, 'POST', '/sync/v1/events', batch.replace(what, `${what}\0`)));
  }
  assert.equal((await peer.call(alice, 'POST', '/sync/v1/events', batch)).body.accepted, 1);
  const content = Buffer.from('{"node_id_full":"' + peer.id + '","x":1\0}').toString('base64url');
  await refused(alice.request('POST', '/api/v1/invites', { invitee_node_id: `hearthnet-id://v1/${content}` }));
  for (const target of ['/health%00', '/api/v1/node%00', `/api/v1/chat/history?peer=${peer.id}%00`, `/pubsub/v1/subscribe?topic=chat.message.${alice.id}%00&timeout=1`, '/api/v1/qr?text=a%00b', '/health?%00']) {
    await refused(alice.request('GET', target));
  }
});

test('an address or a header that is not UTF-8 is refused, and the node goes on', async () => {
  const alice = await (await Node.create({ name: 'Alice', community: 'X' })).start();
  const peer = new Peer();
  await peer.join(alice);
  for (const query of ['/api/v1/chat/history?peer=J%FCrgen', '/api/v1/chat/search?q=%C3', '/api/v1/qr?text=%ff', '/api/v1/chat/conversations?peer=%ED%A0%80']) {
    assert.equal((await alice.request('GET', query)).status, 400, query);
  }
  assert.equal(await rawStatus(alice, Buffer.from(`GET /api/v1/chat/history?peer=J\u00fcrgen HTTP/1.1\r\nHost: ${new URL(alice.ui).host}\r\n\r\n`, 'latin1')), 400);
  const signed = peer.signedHeaders(alice, {}, { capability: '/sync/v1/heads' });
  for (const header of ['Capability', 'Capability-Version', 'Request-Id', 'From', 'Community', 'Timestamp', 'Signature']) {
    const { status } = await peer.call(alice, 'GET', '/sync/v1/heads', undefined, { anonymous: true, headers: { ...signed, [`X-HearthNet-${header}`]: 'J\u00fcrgen' } });
    assert.ok(status === 400 || status === 401 || (header === 'Capability' && status === 200), `${header}: ${status}`);
  }
  // What is quoted in a message may be cut through a character; it is said all the same.
  const unknown = await alice.request('POST', '/api/v1/chat/send', { recipient: peer.id, body: 'x', [`x${'ä'.repeat(30)}`]: 1 });
  assert.equal(unknown.status, 400);
  assert.match(unknown.body.message, /has no member "xä+\?"/);
  assert.equal((await alice.request('GET', '/health')).status, 200);
});
