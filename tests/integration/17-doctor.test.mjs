import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { cleanAll, cli, fs, Node, path, temporaryDirectory } from './support.mjs';

after(cleanAll);

/** What doctor says, by check; that it ends with 1 exactly when something is wrong. */
async function doctor(directory, ...more) {
  const { code, stdout } = await cli('doctor', '--data', directory, '--json', ...more);
  const report = JSON.parse(stdout);
  const wrong = report.checks.filter(({ state }) => state === 'wrong').map(({ check }) => check).filter((check) => check !== 'addresses'); // where the tests run there may be no network
  assert.equal(code, report.checks.some(({ state }) => state === 'wrong') ? 1 : 0);
  assert.equal(report.well, code === 0);
  for (const { state, remedy, says } of report.checks) {
    assert.match(says, /\w/);
    if (state !== 'well') assert.match(remedy, /\w/, says);
  }
  return { ...report, wrong, of: (name) => report.checks.filter(({ check }) => check === name) };
}

const street = (options) => Node.create({ name: 'Alice', community: 'Street', ...options });

test('a directory in order is said to be in order, without a node and beside one', async () => {
  const node = await street();
  const alone = await doctor(node.directory);
  assert.deepEqual(alone.wrong, []);
  for (const check of ['key', 'modes', 'disk', 'log']) assert.equal(alone.of(check)[0].state, 'well', check);
  assert.ok(alone.of('key')[0].says.includes(node.shortId));
  assert.match(alone.of('node')[0].remedy, /hearthchat serve/);
  await node.start();
  const beside = await doctor(node.directory);
  assert.deepEqual(beside.wrong, []);
  assert.match(beside.of('node')[0].says, /has run for \d+ s/);
  assert.equal(beside.of('addresses')[0].state, 'wrong'); // bound to this machine alone, as the tests do
  assert.match(beside.of('addresses')[0].remedy, /--peer-host/);
});

test('what others can read is found, and its remedy is one', async () => {
  const node = await street();
  fs.chmodSync(path.dirname(node.database()), 0o755);
  fs.chmodSync(node.database(), 0o644);
  const found = await doctor(node.directory);
  assert.deepEqual(found.wrong, ['modes']);
  assert.match(found.of('modes')[0].says, /2 of the node's files/);
  execFileSync('sh', ['-c', found.of('modes')[0].remedy.replace('Run: ', '')]);
  assert.deepEqual((await doctor(node.directory)).wrong, []);
  fs.chmodSync(path.join(node.directory, 'hearthchat.ini'), 0o644); // no secret
  assert.deepEqual((await doctor(node.directory)).wrong, []);
});

test('a key that is lost, open or damaged is found', async () => {
  const node = await street();
  const key = path.join(node.directory, 'keys/device.ed25519');
  const kept = fs.readFileSync(key);
  fs.chmodSync(key, 0o640);
  assert.deepEqual((await doctor(node.directory)).wrong, ['key', 'modes']);
  fs.chmodSync(key, 0o600);
  fs.writeFileSync(key, 'short');
  assert.match((await doctor(node.directory)).of('key')[0].says, /damaged/);
  fs.rmSync(key);
  assert.match((await doctor(node.directory)).of('key')[0].says, /no key/);
  fs.writeFileSync(key, kept, { mode: 0o600 });
  assert.deepEqual((await doctor(node.directory)).wrong, []);
});

test('a log that is not what was signed, or no database any more, is found', async () => {
  const node = await street();
  execFileSync('sqlite3', [node.database(), "UPDATE events SET json=replace(json,'Street','Strait') WHERE seq=1"]);
  const changed = await doctor(node.directory);
  assert.deepEqual(changed.wrong, ['log']);
  assert.match(changed.of('log')[0].says, /not what was signed/);
  assert.match(changed.of('log')[0].remedy, /hearthchat repair/);
  execFileSync('sqlite3', [node.database(), "UPDATE events SET json=replace(json,'Strait','Street') WHERE seq=1", 'PRAGMA wal_checkpoint(TRUNCATE)']);
  assert.deepEqual((await doctor(node.directory)).wrong, []);
  for (const [damage, mend] of [["hash=zeroblob(32)", 'hash=(SELECT hash FROM kept)'], ["json=replace(json,'\"signature\":\"ed25519:','\"signature\":\"ed25519:A')", 'json=(SELECT json FROM kept)']]) {
    execFileSync('sqlite3', [node.database(), `CREATE TABLE kept AS SELECT hash,json FROM events WHERE seq=1; UPDATE events SET ${damage} WHERE seq=1`]);
    assert.match((await doctor(node.directory)).of('log')[0].says, /not what was signed/, damage);
    execFileSync('sqlite3', [node.database(), `UPDATE events SET ${mend} WHERE seq=1; DROP TABLE kept`]);
    assert.deepEqual((await doctor(node.directory)).wrong, []);
  }
  execFileSync('sqlite3', [node.database(), 'PRAGMA wal_checkpoint(TRUNCATE)']);
  const pages = fs.readFileSync(node.database());
  const index = Number(execFileSync('sqlite3', [node.database(), "SELECT rootpage FROM sqlite_master WHERE name='events_hash'"])) - 1;
  fs.writeFileSync(node.database(), Buffer.from(pages).fill(0, index * 4096, (index + 1) * 4096)); // no event lies there
  assert.match((await doctor(node.directory)).of('log')[0].says, /no sound database/);
  pages.fill(0, 4096, pages.length);
  fs.writeFileSync(node.database(), pages);
  assert.deepEqual((await doctor(node.directory)).wrong, ['log']);
  fs.writeFileSync(node.database(), 'no database at all, whatever its name says. '.repeat(100));
  assert.deepEqual((await doctor(node.directory)).wrong, ['log']);
});

test('a clock behind the log, settings that can\'t be read, and no directory at all are found', async () => {
  const node = await street();
  const later = new Date(Date.now() + 40 * 86400000);
  fs.utimesSync(node.database(), later, later);
  const behind = await doctor(node.directory);
  assert.deepEqual(behind.wrong, ['clock']);
  assert.match(behind.of('clock')[0].says, /(39|40) days behind/);
  fs.utimesSync(node.database(), new Date(), new Date());
  fs.appendFileSync(path.join(node.directory, 'hearthchat.ini'), '[transport]\nprot = 7080\n');
  const settings = await doctor(node.directory);
  assert.deepEqual(settings.wrong, ['settings']);
  assert.match(settings.of('settings')[0].says, /line \d+|prot/);
  const nowhere = path.join(temporaryDirectory(), 'nowhere');
  assert.deepEqual((await doctor(nowhere)).wrong, ['data']);
  assert.equal(fs.existsSync(nowhere), false);
});

test('a person reads what is wrong and what helps; nothing of it steers the terminal', async () => {
  const node = await street();
  fs.chmodSync(node.directory, 0o755);
  const { code, stdout } = await cli('doctor', '--data', node.directory);
  assert.equal(code, 1);
  assert.match(stdout, /^WRONG +modes/m);
  assert.match(stdout, /^ +> Run: chmod -R go= /m);
  assert.match(stdout, /Something is wrong/);
  assert.equal((await cli('doctor', '--data', node.directory, 'too-much')).code, 2);
  assert.match((await cli('doctor', '--help')).stdout, /Looks for what is wrong/);
});
