import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { BINARY, cleanAll, cli, freePort, fs, Node, once, path, PATIENCE_MS, spawn, temporaryDirectory } from './support.mjs';
import { Terminal } from './terminal.mjs';

let ann;
let ben;
after(cleanAll);
before(async () => {
  ann = await (await Node.create({ name: 'Ann', community: 'X', signatures: '3' })).start();
  ben = await (await Node.create({ name: 'Ben' })).start();
  await ann.admit(ben);
  await ann.delivered((await ann.send(ben.id, 'hello')).event_id);
});

/** What a shell makes of it: {code, stdout, stderr}. */
function shell(script, ...args) {
  return new Promise((resolve) => {
    execFile('sh', ['-c', script, BINARY, ...args], { timeout: PATIENCE_MS }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
  });
}

/** Every mistake ends with this sentence, its code behind it. */
async function says(call, words, code = 1) {
  const { code: was, stdout, stderr } = await call;
  assert.equal(was, code, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, words);
  if (code === 1) assert.match(stderr, /^hearthchat: [^:(]*[^]* \([a-z_]+\)\n$/);
  assert.doesNotMatch(stderr, /^hearthchat: [a-z_]+: /);
}

const withSettings = (text) => {
  const file = path.join(temporaryDirectory(), 'my.ini');
  fs.writeFileSync(file, text);
  return cli('serve', '--config', file);
};

test('what is wrong with a port names the option, and both when both are ours', async () => {
  const { port: taken } = new URL(ann.ui);
  const dora = await Node.create({ name: 'Dora' });
  await says(dora.cli('serve', '--ui-port', taken, '--peer-port', '0'), new RegExp(`Port ${taken} is taken by another program; choose another one with --ui-port, or with \\[ui\\] port in hearthchat\\.ini \\(0: any\\)\\.`));
  await says(dora.cli('serve', '--ui-port', '0', '--peer-port', String(ann.peerPort), '--peer-host', '127.0.0.1'), new RegExp(`Port ${ann.peerPort} is taken by another program; choose another one with --peer-port, or with \\[transport\\] port`));
  await says(dora.cli('serve', '--ui-port', '7080'), /Port 7080 is given to both the tab and the neighbours; choose another one with --ui-port or --peer-port/);
});

test('a name that is none leaves nothing behind', async () => {
  for (const [option, name] of [['--community', ''], ['--community', 'x'.repeat(65)], ['--name', 'x'.repeat(65)]]) {
    const directory = path.join(temporaryDirectory(), 'data');
    await says(cli('init', '--data', directory, option, name), new RegExp(`${option} takes`));
    if (option === '--community') assert.equal(fs.existsSync(directory), false);
  }
});

test('send says what to do with what it does not take', async () => {
  await says(ann.cli('send', 'Ben', 'hello', 'there'), /^hearthchat send: that is too much: put the text in quotes, like "hello there"\./, 2);
  await says(ann.cli('send', 'ben', 'hi'), /No member is called ben; did you mean Ben\?/);
  await says(ann.cli('send', 'Bne', 'hi'), /No member is called Bne; did you mean Ben\?/);
  await says(ann.cli('send', 'Zacharias', 'hi'), new RegExp(`No member is called Zacharias\\. Who there is: ${BINARY} members --data ${ann.directory}`));
  await says(ann.cli('send', 'AAAA-AAAA-AAAA-AAAA', 'hi'), /member/);
  await says(ann.cli('send', 'Ben', '-x'), /^hearthchat send: there is no option -x; if that is no option, put -- before it\./, 2);
  await says(ann.cli('send', 'Ben', ''), /The message is empty: write something\./);
  await says(shell('head -c 3000000 /dev/zero | tr "\\\\0" x | "$0" send Ben - --data "$1"', ann.directory), /The text has more than 65536 bytes \(64 KiB\); send it in parts\./);
  await says(ann.cli('send', 'Ben', 'x'.repeat(69632)), /The text has 69632 bytes, and the most is 65536 \(64 KiB\); send it in parts\./);
  const short = ben.shortId.replace('ed25519:', '');
  for (const who of [short, short.toLowerCase(), ben.shortId, ben.id, 'Ben']) assert.equal((await ann.cli('send', who, `to ${who}`)).code, 0, who);
  assert.equal((await ann.cli('send', 'Ben', '--', '-x')).code, 0);
  await ben.arrived('-x');
});

test('a line of the configuration that is wrong says what was meant', async () => {
  await says(withSettings('port = 1\n'), /my\.ini, line 1: port stands above every section; put it under \[transport\] or \[ui\]\./);
  await says(withSettings('colour = red\n'), /line 1: colour stands above every section; put it under one, like \[ui\]\./);
  await says(withSettings('[chat]\nenabled = true\n[ui\nport = 1\n'), /line 3: "\[ui" lacks its closing \]\./);
  await says(withSettings('[ui]\nprot = 1\n'), /line 2: \[ui\] prot is no known setting; did you mean port\?/);
  await says(withSettings('[uii]\nsame_user = true\n'), /line 2: \[uii\] same_user is no known setting; did you mean \[ui\]\?/);
  await says(withSettings('[ui]\nlog_level = info\n'), /line 2: \[ui\] has no setting log_level; it belongs under \[observability\]\./);
  await says(withSettings('[ui]\nport = 1\nthis is no setting\n[ui]\nport = many\n'), /line 3: expected key = value\./);
  await says(withSettings(`[identity]\ndisplay_name = ${'ä'.repeat(65)}\n`), /line 2: \[identity\] display_name must be at most 64 printable characters, not "ä+…"\./);
});

test('a node that is gone or hangs is started again as the hint says', async () => {
  const again = new RegExp(`start it( again)?(:| with:) ${BINARY} serve --data ${ben.directory}\n$`);
  const file = path.join(ben.directory, 'run.json');
  const run = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, run.replace(/:\d+"/, `:${await freePort()}"`)); // it is there, and nobody answers
  await says(ben.cli('status'), new RegExp(`the node at http://127\\.0\\.0\\.1:\\d+ does not answer\\. If it hangs, end it with kill -9 ${ben.process.pid}; then ${again.source}`), 3);
  fs.writeFileSync(file, run);
  await ben.kill();
  await says(ben.cli('status'), again, 3);
  const hint = /start it with: (.*)\n/.exec((await ben.cli('status')).stderr)[1];
  const started = spawn('sh', ['-c', `${hint} --ui-port 0 --peer-port ${ben.peerPort} --peer-host 127.0.0.1`], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(started.stdout, 'data', { signal: AbortSignal.timeout(PATIENCE_MS) });
  assert.equal((await ben.cli('status')).code, 0);
  assert.equal((await ben.cli('stop')).code, 0);
  await ben.start();
});

test('shutting out with too few says how many it takes, and what they do', async () => {
  const fay = await (await Node.create({ name: 'Fay', community: 'Y', signatures: '3' })).start();
  const gil = await (await Node.create({ name: 'Gil' })).start();
  await fay.admit(gil);
  await fay.post('/api/v1/levels', { target_node_id: gil.id, new_level: 'trusted' });
  await gil.until(async () => (await gil.get('/api/v1/members')).members.some(({ node_id, level }) => node_id === gil.id && level === 'trusted'));
  await says(gil.cli('revoke', fay.id, '--reason', 'other'), /This takes the word of 3 trusted members, and has that of 1\. Others agree with: hearthchat co-sign there; what it prints goes behind --co-signature\. If there are too few, make members trusted first\./);
});

test('a join is nothing to be warned of', async () => {
  const nodes = [];
  for (const name of ['Cleo', 'Dan', 'Eve']) nodes.push(await (await Node.create({ name })).start());
  for (const node of nodes) await ann.admit(node);
  for (const node of [ben, ...nodes]) await node.until(async () => (await node.get('/api/v1/members')).members.length === 5);
  for (const node of nodes) {
    for (const other of [ann, ben, ...nodes]) {
      if (other !== node) await other.arrived((await node.send(other.id, `from ${node.id} to ${other.id}`)) && `from ${node.id} to ${other.id}`);
    }
  }
  for (const node of [ann, ben, ...nodes]) assert.doesNotMatch(node.log, /"level":"(warning|error)"/);
});

test('options are taken as people write them', async () => {
  for (const way of [['--data', ann.directory], [`--data=${ann.directory}`], ['-d', ann.directory]]) {
    assert.match((await cli('status', ...way)).stdout, /^community +X$/m);
    assert.match((await cli('history', ...way, '--limit=1', '--json')).stdout, /^\{.*\}\n$/);
  }
  assert.equal((await cli('status', '-h')).stdout, (await cli('status', '--help')).stdout);
  assert.equal((await cli('-h')).stdout, (await cli('--help')).stdout);
  await says(cli('status', '--json=yes'), /there is no value to give in --json=yes/, 2);
  await says(cli('status', '--data'), /a value is missing behind --data/, 2);
  await says(cli('status', '--data='), /--data takes a directory; here it is empty/, 2);
  await says(cli('--data', ann.directory, 'status'), /The command comes first, options behind it/, 2);
  await says(ann.cli('stauts'), /there is no command "stauts"/, 2);
});

test('an output that can\'t be written is a failure, in every command', async () => {
  const place = temporaryDirectory();
  const of = `--data '${ann.directory}'`;
  const commands = ['--help', 'version', `id ${of}`, `status ${of}`, `status --json ${of}`, `members ${of}`, `history ${of}`, `history --json ${of}`, `send Ben hi ${of}`, `safety Ben --qr ${of}`, `invite ${ben.id} ${of}`,
    `co-sign ${ben.id} --reason other ${of}`, `verify ${of}`, `backup '${place}/a.tar' ${of}`, `export - ${of}`, `restore '${place}/a.tar' --data '${place}/b'`, `doctor ${of}`,
    `init --data '${place}/c'`, `rebuild --data '${place}/b'`, `repair --data '${place}/b'`, `serve --help`, `demo --help`, `serve --or-show ${of} --ui-port 0 --peer-port 0`];
  for (const command of commands) {
    const { code, stderr } = await shell(`exec "$0" ${command} >/dev/full`);
    assert.equal(code, 1, command);
    assert.match(stderr, /(The output can't be written: (No space left on device|is its disk full\?)|can't be written; is there room\?) \(internal_error\)\n$/, command);
  }
  const gone = await shell('exec "$0" version >&-');
  assert.equal(gone.code, 1);
  await ben.stop();
  const { code } = await shell(`exec "$0" stop ${of} >/dev/full`);
  assert.equal(code, 1);
  assert.equal((await ann.exited)[0], 0); // it was stopped all the same
});

test('a terminal gets log lines for people, a file and a pipe JSON', async () => {
  const node = await Node.create({ name: 'Ann', community: 'X' });
  const args = ['serve', '--data', node.directory, '--ui-port', '0', '--peer-port', '0', '--peer-host', '127.0.0.1'];
  const terminal = new Terminal(BINARY, ...args);
  await terminal.shows(/^\d\d:\d\d:\d\d  node started  node: ed25519:\S+, ui_port: \d+, peer_port: \d+, version: \S+\r$/m);
  assert.doesNotMatch(terminal.text, /\{"/);
  terminal.press('\u0003'); // Ctrl-C
  await terminal.shows(/^\d\d:\d\d:\d\d  node stopped\r$/m);
  const file = path.join(temporaryDirectory(), 'log');
  const inFile = new Terminal('sh', '-c', `exec "$0" "$@" 2>${file}`, BINARY, ...args);
  await inFile.shows(/Your chat: http/);
  execFileSync(BINARY, ['stop', '--data', node.directory]);
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line).event);
  assert.deepEqual([lines.includes('node.started'), lines.at(-1)], [true, 'node.stopped']);
});
