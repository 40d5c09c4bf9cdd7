import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { BINARY, cleanAll, fs, path, temporaryDirectory } from '../integration/support.mjs';

after(cleanAll);

const readelf = (...options) => execFileSync('readelf', ['--wide', ...options, BINARY], { encoding: 'utf8' });

test('the program is built to make mistakes hard to use', () => {
  assert.match(readelf('--file-header'), /DYN \(Position-Independent Executable file\)/);
  const dynamic = readelf('--dynamic');
  assert.match(dynamic, /BIND_NOW/);
  assert.match(dynamic, /Flags:.*\bPIE\b/);
  const segments = readelf('--program-headers');
  assert.match(segments, /GNU_RELRO/);
  assert.match(segments, /GNU_STACK.*RW /);
  const symbols = readelf('--dyn-syms');
  assert.match(symbols, /__stack_chk_fail/);
  assert.match(symbols, /__vsnprintf_chk/); // FORTIFY
  if (process.arch === 'x64') assert.match(readelf('--notes'), /IBT, SHSTK/);
});

test('the program is small, with the tab inside', () => {
  const stripped = path.join(temporaryDirectory(), 'stripped');
  execFileSync('strip', ['-o', stripped, BINARY]);
  assert.ok(fs.statSync(stripped).size <= 1_200_000, `${fs.statSync(stripped).size} bytes`);
});

test('the systemd unit leaves the node little to do harm with', () => {
  const unit = path.join(temporaryDirectory(), 'hearthchat@alice.service');
  fs.copyFileSync(path.join(path.dirname(BINARY), '../hearthchat@.service'), unit);
  // Fails above a level of exposure of 2.0.
  const report = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', '--threshold=20', unit], { encoding: 'utf8' });
  assert.match(report, /Overall exposure level for hearthchat@alice.service: [01]\.\d OK/);
  const text = fs.readFileSync(unit, 'utf8');
  for (const line of ['ProtectSystem=strict', 'NoNewPrivileges=yes', 'SystemCallFilter=@system-service', 'MemoryDenyWriteExecute=yes',
    'Wants=network-online.target', 'After=network-online.target', 'StartLimitIntervalSec=0', 'Restart=on-failure', 'RestartSec=5']) assert.ok(text.includes(`\n${line}\n`), line);
});
