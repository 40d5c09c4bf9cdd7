// Draws web/icon-*.png from web/icon.svg: node tests/browser/icons.mjs
import fs from 'node:fs';
import { chromium } from 'playwright-core';

const svg = fs.readFileSync('web/icon.svg', 'utf8');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const size of [192, 512]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  // The large one is also cut to any shape by phones: its picture stays in the middle, its ground goes to the edge.
  const whole = size === 512 ? svg.replace('rx="15"', 'rx="0"').replace('viewBox="0 0 64 64"', 'viewBox="-4 -4 72 72" style="background:#2c1810"') : svg;
  await page.setContent(`<body style="margin:0">${whole.replace('<svg ', `<svg width="${size}" height="${size}" `)}</body>`);
  await page.screenshot({ path: `web/icon-${size}.png`, omitBackground: true });
}
await browser.close();
