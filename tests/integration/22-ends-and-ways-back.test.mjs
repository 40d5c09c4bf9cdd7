import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { after, test } from 'node:test';
import { BINARY, cleanAll, cleanup, fs, Node, once, path, PATIENCE_MS, spawn, temporaryDirectory } from './support.mjs';
import { Terminal } from './terminal.mjs';

after(cleanAll);

const run = (node) => JSON.parse(fs.readFileSync(path.join(node.directory, 'run.json')));

/** Waits until that process is gone. */
async function gone(pid) {
  execFileSync('timeout', [String(PATIENCE_MS / 1000), 'tail', '-s', '0.05', '--pid', String(pid), '-f', '/dev/null']);
  assert.equal(fs.existsSync(`/proc/${pid}`), false, `process ${pid} goes on`);
}

const serve = (node, ...more) => ['serve', '--data', node.directory, '--ui-port', '0', '--peer-port', '0', '--peer-host', '127.0.0.1', ...more];

test('closing the terminal ends the node in order', async () => {
  const node = await Node.create({ name: 'Ann', community: 'X', config: '[observability]\nlog_file = ' });
  const log = path.join(temporaryDirectory(), 'node.log');
  fs.appendFileSync(path.join(node.directory, 'hearthchat.ini'), `${log}\n`);
  const terminal = new Terminal(BINARY, ...serve(node));
  await terminal.shows(/Your chat: http/);
  const { pid } = run(node);
  await terminal.close();
  await gone(pid);
  assert.match(fs.readFileSync(log, 'utf8'), /"node\.stopped"/);
  assert.equal(fs.existsSync(path.join(node.directory, 'run.json')), false);
});

test('under nohup a node outlives its terminal', async () => {
  const node = await Node.create({ name: 'Ann', community: 'X' });
  const terminal = new Terminal('sh', '-c', `nohup "$0" "$@" >${node.directory}/out 2>&1 & read line; kill -HUP $!; echo told; read line`, BINARY, ...serve(node));
  const until = fs.watch(node.directory);
  while (!fs.existsSync(path.join(node.directory, 'run.json'))) await once(until, 'change', { signal: AbortSignal.timeout(PATIENCE_MS) });
  until.close();
  terminal.press('\n');
  await terminal.shows(/told/);
  await terminal.close();
  const status = await node.cli('status'); // it answers, so it took the signal for nothing
  assert.equal(status.code, 0, status.stderr);
  assert.equal((await node.cli('stop')).code, 0);
});

test('stop ends the node of this directory, waits until it is gone, and ends no other process', async () => {
  const node = await (await Node.create({ name: 'Ann', community: 'X' })).start();
  const { pid } = run(node);
  const text = fs.readFileSync(path.join(node.directory, 'run.json'));
  const { code, stdout, stderr } = await node.cli('stop');
  assert.deepEqual([code, stdout, stderr], [0, `Stopped the node on ${node.directory}.\n`, '']);
  assert.notEqual(node.process.exitCode, null, `process ${pid} is still there`);
  assert.equal(node.process.exitCode, 0);
  const none = await node.cli('stop');
  assert.deepEqual([none.code, none.stdout, none.stderr], [3, '', `hearthchat: no node is running on ${node.directory}.\n`]);
  // As after kill -9, when another process has got the number meanwhile.
  const other = spawn('cat');
  cleanup(() => other.kill());
  fs.writeFileSync(path.join(node.directory, 'run.json'), text.toString().replace(/"pid":\d+/, `"pid":${other.pid}`));
  assert.equal((await node.cli('stop')).code, 3);
  assert.equal(other.exitCode ?? other.signalCode, null);
  const status = await node.cli('status');
  assert.equal(status.code, 3);
  assert.ok(status.stderr.endsWith(`no node is running on ${node.directory}; start it with: ${BINARY} serve --data ${node.directory}\n`), status.stderr);
});

/** A folder with ./run and the program as they are; the machine around them is these commands. Calls ./run from inside it. */
function aloneWith(commands) {
  const root = temporaryDirectory();
  const from = new URL('../../', import.meta.url);
  fs.mkdirSync(path.join(root, '.ci'));
  fs.mkdirSync(path.join(root, 'build/release/bin'), { recursive: true });
  fs.mkdirSync(path.join(root, 'bin'));
  fs.copyFileSync(new URL('run', from), path.join(root, 'run'));
  fs.copyFileSync(new URL('.ci/packages.sh', from), path.join(root, '.ci/packages.sh'));
  fs.symlinkSync(BINARY, path.join(root, 'build/release/bin/hearthchat'));
  for (const [name, does] of Object.entries(commands)) fs.writeFileSync(path.join(root, 'bin', name), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  return (...args) => {
    const { status, stdout, stderr } = spawnSync('../run', args, { cwd: path.join(root, 'bin'), encoding: 'utf8', env: { ...process.env, PATH: `${root}/bin:${process.env.PATH}` } });
    return { code: status, stdout, stderr };
  };
}

test('./run beside a running node prints its tab\'s address; ./run COMMAND is that command', async () => {
  const node = await (await Node.create({ name: 'Ann', community: 'X' })).start();
  const call = aloneWith({ cmake: '' });
  assert.deepEqual(call('--data', node.directory), { code: 0, stdout: `Your chat runs already: ${node.ui}/\n`, stderr: '' });
  assert.match(call('status', '--data', node.directory).stdout, /^community +X$/m);
  const absent = call('status', '--data', 'a b');
  assert.deepEqual([absent.code, absent.stderr], [3, 'hearthchat: no node is running on a b; start it with: ../run serve --data \'a b\'\n']);
  const second = await node.cli('serve', '--ui-port', '0', '--peer-port', '0');
  assert.equal(second.code, 1);
  assert.match(second.stderr, /Another node is running on/);
});

test('./run says what it installs and builds; where it may not install, what an administrator has to type', () => {
  const lacks = { id: 'echo 1000', 'dpkg-query': 'case "$*" in *zopfli|*curl) ;; *) echo install ok installed ;; esac' };
  const build = { cmake: 'for i in 1 2 3; do echo "[$i/3] Building C object"; done' };
  const refused = aloneWith({ ...lacks, ...build, sudo: 'echo "you are not in the sudoers file" >&2; exit 1' })('version');
  assert.deepEqual([refused.code, refused.stdout], [1, '']);
  assert.match(refused.stderr, /sudoers file[^]*An administrator \(root\) has to type this, once:\n\n {4}apt-get update && apt-get install -y --no-install-recommends curl zopfli\n\nThen start \.\.\/run again\.\n$/);
  const installed = aloneWith({ ...lacks, ...build, sudo: 'exec "$@"', 'apt-get': 'case "$*" in *Status-Fd=1*) echo pmstatus:curl:50.0000:Unpacking ;; esac' })('version');
  assert.equal(installed.code, 0, installed.stderr);
  assert.equal(installed.stderr, 'Installing 2 packages …\nBuilding …\n');
  assert.match(installed.stdout, /^hearthchat /);
  const broken = aloneWith({ cmake: 'echo "[1/3] Building"; echo it is broken; exit 1' })('version');
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /^Building …\n[^]*it is broken\nThe build failed; all of it is in .*\/build\/release\.log\.\n$/);
});

test('the demo switches a neighbour off and on by a key, and ends with its terminal', async () => {
  const terminal = new Terminal(BINARY, 'demo');
  const ui = {};
  for (const name of ['Alice', 'Bob', 'Jana']) [, ui[name]] = await terminal.shows(new RegExp(`${name} +(http:\\S+)/\\s`));
  await terminal.shows(/a, b and j switch.*[^]*Ctrl-C/);
  const ask = async (name, target, body) => (await (await fetch(ui[name] + target, body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json()).output;
  const bob = (await ask('Bob', '/api/v1/node')).node_id;
  terminal.press('b');
  await terminal.shows(/Bob is off: .* queued/);
  await assert.rejects(fetch(ui.Bob));
  const { delivered, event_id } = await ask('Alice', '/api/v1/chat/send', { recipient: bob, body: 'are you there?' });
  assert.equal(delivered, 'queued');
  terminal.press('B');
  await terminal.shows(/Bob is on: .* delivered/);
  // At the address it had, so that its tab goes on; and what waited comes.
  const messages = [];
  while (!messages.some((message) => message.event_id === event_id)) messages.splice(0, Infinity, ...await waiting(ui.Bob, bob, ask));
  const children = [...fs.readdirSync('/proc')].filter((entry) => /^\d+$/.test(entry)).filter((pid) => cmdline(pid).includes('/tmp/hearthchat-demo-'));
  const [place] = /\/tmp\/hearthchat-demo-\w+/.exec(cmdline(children.find((pid) => cmdline(pid).includes(new URL(ui.Bob).port))));
  await terminal.close();
  for (const pid of children.filter((child) => cmdline(child).includes(place))) await gone(pid);
  const watch = fs.watch('/tmp');
  while (fs.existsSync(place)) await once(watch, 'change', { signal: AbortSignal.timeout(PATIENCE_MS) });
  watch.close();
});

function cmdline(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Bob's history, at once or when something came. */
async function waiting(ui, id, ask) {
  const { messages } = await ask('Bob', '/api/v1/chat/history');
  if (!messages.length) await fetch(`${ui}/pubsub/v1/subscribe?topic=chat.message.${id}&last_seq=0&timeout=5`);
  return messages;
}
